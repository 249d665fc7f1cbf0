"""A web page on this machine that shows all groups, live. It only reads, with the caller's rights.

picture  the age of a newest point in time over the last day, drawn and in words; pure
page     objects as the parts of the page; pure. The page itself is page.html, page.css and page.js
live     the objects as they are now, listed and watched through the caller's kubectl
serve    who may ask, and what is answered
opening  shows the page in the caller's browser
"""
