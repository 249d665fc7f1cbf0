"""What is asked of a text that somebody reads at three in the morning, in a language that is not theirs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE_SENTENCE, PAGE_SENTENCE = 25, 35
"""The most words of a sentence: in messages, fields and on screens; on pages. Only a full stop, ? or ! ends one."""
CATALOGUE_TEXT, MESSAGE_TEXT = 120, 300
"""The most characters: of a meaning or an advice; of a message as it stands in the code, values not filled in."""
RECORDED_TEXT = 450
"""The most characters of a message with its values. An event takes 1,024 bytes."""

AVOIDED = {
    # riddles: words that leave open who or what is meant
    r"who(?:so)?ever|what(?:so)?ever|whichever|whomever": "name who or what it is, or 'any'",
    r"told|tells": "says, shows, reports, has",
    r"what (?:is left|becomes?|became|comes|came) of": "the result, the effect, the rest",
    r"walks? off|sits? out|lets? (?:us|it|them) in|lets? go(?: of)?": "gets, waits, accepts the login, releases",
    # words and turns that a learner does not know, or knows with another meaning
    r"anew": "again",
    r"at once": "immediately, or at the same time",
    r"as well(?! as)": "too, also",
    r"all the same": "anyway, still",
    r"of (?:its|their) own accord|for good|in vain|if need be": "by itself, finally, without success, if needed",
    r"but for": "except",
    r"mend(?:s|ed|ing)?": "correct, repair",
    r"look whether": "check whether",
    r"lately": "recently",
    r"alike|likewise": "in the same way",
    r"beside (?:these|this|that|them)": "besides these, also",
    r"stands? for": "is for, means",
    r"(?:is|are|was|were) to be": "must be, or the present tense",
    r"(?<!there )is no(?= (?!longer|more|such))": "is not a",
    r"(?<=, )for (?:it|its|they|there|nothing|no|what|more|array)": "because",
    r"lest|ought|shall|hence|albeit|whilst": "plain words",
    r"there(?:of|by|in|upon|from|with)|where(?:of|by|in|upon)|here(?:by|in|with|of)": "plain words",
    r"the (?:former|latter)": "repeat what is meant",
    r"e\.g\.|i\.e\.|etc\.|cf\.|viz\.|et al": "for example, that is, and so on, see",
    # one word for one thing, as in the glossary
    r"(?:restore|snapshot) points?|recovery points?(?! objective| age)|PiTs?": "point in time",
    r"storage providers?": "VASA provider",
    r"(?<!GET )(?<!POST )pgroups?": "protection group",
    r"virtual machines?": "VM",
    r"request-id|request identifiers?": "request id",
    r"underway|in progress|ongoing": "under way",
    r"k8s": "Kubernetes",
    r"flash arrays?|pure arrays?": "FlashArray",
    r"fail-overs?": "failover",
}
"""What is not written, as patterns of whole words in any case, each with what to write instead."""
SPELLED = {r"vcenters?|VCENTERS?|V-[cC]enters?": "vCenter", r"flasharrays?|Flasharrays?|FLASHARRAYS?": "FlashArray"}
"""The same, where the case decides."""

_NAMES = re.compile(r"Storage Providers")
"""What others call so: a menu of the vSphere Client."""
_END = re.compile(r"(?<=[.?!])[\")]*\s+|\n+")
_WORD = re.compile(r"\S*\w\S*")
_CODES = re.compile(r"`code`(?:(?:,| and| or|, and|, or) `code`)+")
_QUOTED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|'[^']*'|(?<=answers HTTP )\d+: .*?(?=\. |\.$)")
_TERM = re.compile(r"(?<![\w./`'-])(?:[A-Z]{2,}[a-z]*|[A-Z][a-z]+[A-Z]\w*|[a-z]+[A-Z]\w*)(?![\w(])")


def sentences(text: str) -> list[str]:
    """The sentences of a text. A semicolon or a colon ends none."""
    return [part for part in _END.split(_CODES.sub("`code`", text)) if part.strip()]


def too_long(text: str, limit: int) -> list[str]:
    """The sentences of more than `limit` words; each with its number of words."""
    return [f"{words} words: {one}" for one in sentences(text) if (words := len(_WORD.findall(one))) > limit]


def without_quotes(text: str) -> str:
    """The text without what storage said, and without what is in brackets, for texts with values filled in."""
    seen = ""
    while seen != text:
        seen, text = text, _QUOTED.sub("", text)
    return text


def avoided(text: str) -> Iterator[str]:
    """The words of a text that are not to be written, with what to write instead."""
    text = _NAMES.sub("", text)
    for patterns, flags in ((AVOIDED, re.IGNORECASE), (SPELLED, 0)):
        for pattern, instead in patterns.items():
            for found in re.finditer(rf"(?<![\w./-])(?:{pattern})(?![\w/-]|\.\w)", text, flags):
                yield f"{found[0]!r}: {instead}"


def terms(text: str) -> set[str]:
    """Abbreviations, and names with a capital letter inside: what a reader may have to look up."""
    return set(_TERM.findall(text))
