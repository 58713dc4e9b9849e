"""Dates and moments as clients send them: RFC 3339 text only. Pydantic by itself takes numbers, and digits, for seconds
since 1970."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

_FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt _]\d{2}:.*", re.ASCII | re.DOTALL)


def _full_date(value: object) -> object:
    if not isinstance(value, date) and not (isinstance(value, str) and _FULL_DATE.fullmatch(value)):
        raise ValueError("must be a date such as 1815-12-10")
    return value


def _date_and_time(value: object) -> object:
    if not isinstance(value, datetime) and not (isinstance(value, str) and _DATE_AND_TIME.fullmatch(value)):
        raise ValueError("must be a time such as 1815-12-10T09:30:00Z")
    return value


Date = Annotated[date, BeforeValidator(_full_date)]
Moment = Annotated[AwareDatetime, BeforeValidator(_date_and_time)]
