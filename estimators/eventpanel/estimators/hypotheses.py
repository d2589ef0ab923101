"""Hypotheses in words: linear restrictions on the terms of an estimate, read from text.

A term is named ``x[-1]`` by its variable and event time, ``x[-1, low]`` with its group, or by its label in backticks,
as tables print it: ```x, 1 before [low]```. A control goes by its name. Terms are combined with numbers,
``+ - * / ( )`` and ``=``; text without ``=`` stands for a hypothesis of zero. A term left out by the window is zero.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import NamedTuple, NoReturn

import numpy as np

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.path import Term

__all__ = ["Restriction", "is_equation", "restrictions"]

NUMBER = r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
NAME = r"(?P<name>(?:`[^`]*`|[^\W\d][\w.]*)(?:\s*\[[^\]]*\])?)"
TOKEN = re.compile(rf"\s*(?:{NUMBER}|{NAME}|(?P<sign>[-+*/()=]))\s*")
PLACED = re.compile(r"(?P<variable>`[^`]*`|[^\[`]+?)\s*\[\s*(?P<time>[+-]?\d+)\s*(?:,\s*(?P<group>.*?)\s*)?\]")


@dataclass(frozen=True, slots=True, eq=False)
class Restriction:
    """One linear restriction: ``weights @ coef = value``.

    Attributes
    ----------
    text : str
        As it was written.
    weights : ndarray, shape (k,)
    value : float
    """

    text: str
    weights: Floats
    value: float


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def restrictions(estimate: Estimate, hypotheses: str | Term | Sequence[str | Term]) -> tuple[Restriction, ...]:
    """Read hypotheses on the terms of an estimate.

    Parameters
    ----------
    estimate : Estimate
    hypotheses : str, Term, or sequence of them
        ``"x[0] = x[-1]"``, ``"x[1] - x[2] = 0.5"``; ``"x[0] = x[1] = x[2]"`` is two; a Term is zero.

    Returns
    -------
    tuple of Restriction
        One for each ``=``, or for each text without.

    Raises
    ------
    DesignError
        A name that the estimate does not have, text that cannot be read, or a hypothesis that names no term.

    Examples
    --------
    See :func:`eventpanel.estimators.inference.joint_test`.
    """
    given = [hypotheses] if isinstance(hypotheses, str | Term) else list(hypotheses)
    return tuple(one for hypothesis in given for one in _read(estimate, hypothesis))


def is_equation(text: str) -> bool:
    """Whether a text has an ``=`` outside names.

    Examples
    --------
    >>> is_equation("x[0] = x[1]"), is_equation("`regime = high`")
    (True, False)
    """
    return any(token.text == "=" for token in _tokens(text))


def _read(estimate: Estimate, hypothesis: str | Term) -> list[Restriction]:
    text = f"`{hypothesis}`" if isinstance(hypothesis, Term) else hypothesis
    tokens = _tokens(text)
    ends = [i for i, token in enumerate(tokens) if token.text == "="]
    sides = [tokens[a:b] for a, b in zip([0, *(i + 1 for i in ends)], [*ends, len(tokens)], strict=True)]
    values = [_Side(estimate, text, side).value() for side in sides]
    if len(values) == 1:
        pairs, labels = [values[0]], [text.strip().strip("`") if isinstance(hypothesis, Term) else text.strip()]
    else:
        written = [text[side[0].start : side[-1].end].strip() for side in sides]
        pairs = [left - right for left, right in pairwise(values)]
        labels = [f"{left} = {right}" for left, right in pairwise(written)]
    for label, value in zip(labels, pairs, strict=True):
        if not value[:-1].any():
            raise DesignError(f"The hypothesis {label!r} restricts no term.", _known(estimate), "name estimated terms")
    return [Restriction(label, v[:-1], -float(v[-1])) for label, v in zip(labels, pairs, strict=True)]


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            _unreadable(text, text[at:].strip())
        tokens.append(_Token(found.lastgroup, found[found.lastgroup], at, found.end()))
        at = found.end()
    return tokens


def _unreadable(text: str, where: str) -> NoReturn:
    raise DesignError(
        f"The hypothesis {text!r} cannot be read.",
        f"at {where!r}" if where else "at its end",
        "write for example 'x[0] - x[-1] = 0.5'; names with blanks go in backticks",
    )


class _Side:
    """One side of a hypothesis, read from left to right; values are weights of the terms, then a constant."""

    def __init__(self, estimate: Estimate, text: str, tokens: Sequence[_Token]) -> None:
        self.estimate, self.text, self.tokens, self.at = estimate, text, tokens, 0

    def value(self) -> Floats:
        total = self.sum()
        if self.at < len(self.tokens):
            self.refuse()
        return total

    def refuse(self) -> NoReturn:
        _unreadable(self.text, self.tokens[self.at].text if self.at < len(self.tokens) else "")

    def next_is(self, signs: str) -> str:
        """Take the next token if it is one of some signs."""
        if self.at < len(self.tokens) and self.tokens[self.at].text in tuple(signs):
            self.at += 1
            return self.tokens[self.at - 1].text
        return ""

    def sum(self) -> Floats:
        total = self.product()
        while sign := self.next_is("+-"):
            total = total + (1.0 if sign == "+" else -1.0) * self.product()
        return total

    def product(self) -> Floats:
        total = self.one()
        while sign := self.next_is("*/"):
            other = self.one()
            if sign == "*" and not total[:-1].any():
                total, other = other, total
            if other[:-1].any() or (sign == "/" and other[-1] == 0):
                _unreadable(self.text, "a product of terms, or a division by a term or zero")
            total = total * other[-1] if sign == "*" else total / other[-1]
        return total

    def one(self) -> Floats:
        if sign := self.next_is("+-"):
            return self.one() if sign == "+" else -self.one()
        if self.next_is("("):
            inside = self.sum()
            if not self.next_is(")"):
                self.refuse()
            return inside
        if self.at >= len(self.tokens) or self.tokens[self.at].kind == "sign":
            self.refuse()
        token = self.tokens[self.at]
        self.at += 1
        value = np.zeros(len(self.estimate.terms) + 1)
        if token.kind == "number":
            value[-1] = float(token.text)
        elif (place := _find(self.estimate, token.text)) is not None:
            value[place] = 1.0
        return value


def _find(estimate: Estimate, name: str) -> int | None:
    """Position of a named term; nothing for a term that the window sets to zero."""
    placed = PLACED.fullmatch(name)

    def fits(term: Term) -> bool:
        if placed is None:
            return str(term) == name.strip("`")
        where = (placed["variable"].strip("`"), int(placed["time"]))
        return (term.variable, term.event_time) == where and placed["group"] in (None, term.group)

    found = [i for i, term in enumerate(estimate.terms) if fits(term)]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        several = first_few(_short(estimate, estimate.terms[i]) for i in found)
        raise DesignError(f"{name!r} is the name of several terms.", several, "add the group")
    if any(fits(term) for term in estimate.reference):
        return None
    for term, reason in estimate.dropped:
        if fits(term):
            raise DesignError(f"{name!r} was not estimated.", reason, "leave it out, or change the design")
    names = [_short(estimate, term) for term in (*estimate.terms, *estimate.reference)]
    close = get_close_matches(name, [*names, *(f"`{label}`" for label in estimate.names)], 1)
    raise DesignError(f"Unknown name {name!r}.", _known(estimate), f"write {close[0]}" if close else "correct the name")


def _short(estimate: Estimate, term: Term) -> str:
    plain = re.fullmatch(r"[^\W\d][\w.]*", term.variable)
    name = term.variable if plain else f"`{term.variable}`"
    if term.event_time is None:
        return name
    return f"{name}[{term.event_time}" + (f", {term.group}]" if len(estimate.groups) > 1 else "]")


def _known(estimate: Estimate) -> str:
    return "names: " + first_few((_short(estimate, term) for term in (*estimate.terms, *estimate.reference)), 12)
