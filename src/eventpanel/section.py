"""Section: what every table of a study file has in common, and the values that tables share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Codes", "Section", "Some", "Whole"]

# Bounds that no study meets; they keep a slip of the keyboard from filling the memory.
Whole = Annotated[int, Field(ge=-10_000, le=10_000)]
Some = Annotated[list[str], Field(min_length=1)]
Codes = Annotated[list[Annotated[str, Field(pattern="^[A-Z]{3}$")]], Field(min_length=1)]


class Section(BaseModel):
    """A table of the study file: unknown keys are refused, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
