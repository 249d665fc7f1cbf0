"""What `report` shows of one request or group, for somebody who was not there.

collect   the evidence as an object for programs, out of the objects of the API server; pure
chapters  the same as headings, facts and tables
markdown  those as Markdown
html      those as one page without anything from elsewhere, to be printed
"""
