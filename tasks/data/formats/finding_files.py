"""Which files of a folder, or of an archive, hold the ratings and the items."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.core.errors import BadDataError, SettingsError
from tasks.core.vocabulary import ITEM, RATING, TITLE, USER
from tasks.data.formats.described import Described, described_in
from tasks.data.formats.held import BROKEN, Held
from tasks.data.formats.known import Format, format_of
from tasks.data.formats.look import Look, look_at
from tasks.data.formats.names import COUNT, DESCRIBED, RATED, guessed
from tasks.data.tables import ROW, scan_table

RATINGS_STEMS = ("ratings", "u", "interactions", "reviews")
ITEMS_STEMS = ("items", "u", "movies", "books", "products", "games")
"""Names of files that are taken where several could be meant, the first before the others."""

RULES_STEMS = ("exclude", "seen")
"""Names of files that are no ratings where others could be."""

NO_DATA = (".md", ".toml", ".html", ".pdf", ".py", ".svg", ".png", ".jpg", ".crc")
ARRIVALS = "ratings"


@dataclass(frozen=True)
class Candidate:
    """A file that holds a table: its look, the format it is of, and its columns as ours."""

    look: Look
    format: Format | None
    names: dict[str, str]

    @property
    def has(self) -> frozenset[str]:
        """Our columns that it has."""
        return frozenset(self.names.values())


@dataclass(frozen=True)
class Found:
    """A data set's files. `place`: the folder or file that `--data` names.

    `given`: by our column what is said that a file calls it. `tags`: where a query gives them.
    """

    place: Path
    ratings: Candidate
    items: Candidate | None
    described: Described
    given: Mapping[str, str]
    tags: Candidate | None = None

    @property
    def folder(self) -> Path:
        """Where the ratings lie, or the queries that give them."""
        look = self.ratings.look
        if self.described.database:
            return self.place
        return (look.folder or look.parts[0].file).parent

    @property
    def files(self) -> list[Path]:
        """All that decide its content; the first lies in its folder."""
        tables = (self.ratings, self.items, self.tags)
        files = [part.file for table in tables if table for part in table.look.parts]
        toml = [self.described.file] if self.described.file.is_file() else []
        return list(dict.fromkeys([*toml, *files] if self.described.database else [*files, *toml]))


def find_files(place: Path, columns: Mapping[str, str]) -> Found:
    """The files of a data set in a folder, an archive, or a file of ratings alone.

    No database is asked, whatever dataset.toml says. `columns`: by our column what a file calls it.
    Raises SettingsError where there are none, or
    several could be meant.
    """
    folder = place if place.is_dir() else place.parent
    described = described_in(folder).model_copy(update={"data": None, "queries": None})
    given = {**described.columns, **columns}
    looks = looks_in(place)
    rated = [candidate_of(look, RATED, given) for look in looks]
    whole = [table for table in rated if table.has >= {USER, ITEM}]
    no_rules = [table for table in whole if table.look.stem not in RULES_STEMS]
    ratings = _chosen(no_rules or whole, RATINGS_STEMS, described.ratings, "ratings")
    if ratings is None:
        raise _nothing(place, looks, rated)
    others = [look for look in looks if look is not ratings.look]
    items = [candidate_of(look, DESCRIBED, given) for look in others]
    chosen = _chosen(_of_items(items), ITEMS_STEMS, described.items, "items")
    return Found(place, ratings, chosen, described, given)


def _of_items(tables: Sequence[Candidate]) -> list[Candidate]:
    """Those that describe items and nobody's ratings."""
    return [
        table
        for table in tables
        if ITEM in table.has
        and (TITLE in table.has or table.look.stem == "items")
        and USER not in candidate_of(table.look, RATED, {}).has
    ]


def looks_in(place: Path) -> list[Look]:
    """All tables in a folder or file, archives opened."""
    if place.is_file():
        return _looks_of(place)
    if _is_parts(place):
        return [_parts(place)]
    looks = [look for file in _visible(place) if file.is_file() for look in _looks_of(file)]
    folders = [one for one in _visible(place) if one.is_dir()]
    has_ratings = any(look.stem == "ratings" for look in looks)
    looks += [
        _parts(one)
        for one in folders
        if _is_parts(one) and not (has_ratings and one.name == ARRIVALS)
    ]
    if not looks and len(folders) == 1:
        return looks_in(folders[0])
    return _films_together(looks)


def _visible(folder: Path) -> list[Path]:
    return sorted(
        one
        for one in folder.iterdir()
        if not one.name.startswith((".", "_")) and not one.name.lower().endswith(NO_DATA)
    )


def files_beside(folder: Path) -> list[str]:
    """Files that are called as ratings or items are."""
    stems = {*RATINGS_STEMS, *ITEMS_STEMS}
    return [one.name for one in _visible(folder) if one.name.lower().split(".")[0] in stems]


def _looks_of(file: Path) -> list[Look]:
    held = Held(file)
    if held.compression != "zip":
        return [look_at(held)]
    try:
        with zipfile.ZipFile(file) as archive:
            members = [one.filename for one in archive.infolist() if not one.is_dir()]
    except BROKEN as error:
        raise BadDataError(file, f"the zip cannot be read ({error})", "Copy it again.") from error
    wanted = [
        one
        for one in sorted(members)
        if not one.lower().endswith(NO_DATA)
        and not any(part.startswith((".", "_")) for part in Path(one).parts)
    ]
    return _films_together([look_at(Held(file, one)) for one in wanted])


def _films_together(looks: Sequence[Look]) -> list[Look]:
    """The same with all files of rows by film as the parts of one table."""
    films = [look for look in looks if look.kind == "rows by film"]
    if len(films) < 2:
        return list(looks)
    parts = tuple(part for look in films for part in look.parts)
    return [*(look for look in looks if look not in films), look_at(*parts)]


def _is_parts(folder: Path) -> bool:
    """Whether it is one table in parts, as Spark and Hive write it."""
    has_mark = (folder / "_SUCCESS").exists()
    named = any(one.name.startswith("part-") for one in folder.iterdir())
    keyed = any("=" in one.name for one in folder.iterdir() if one.is_dir())
    return has_mark or named or keyed


def _parts(folder: Path) -> Look:
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
        and not file.name.lower().endswith(NO_DATA)
        and file.stat().st_size
    ]
    if not files:
        raise BadDataError(folder, "the folder holds no parts", "Check that the export is whole.")
    return look_at(*map(Held, files), folder=folder)


def candidate_of(
    look: Look, wanted: Mapping[str, tuple[str, ...]], given: Mapping[str, str]
) -> Candidate:
    """A table with those of its columns that are `wanted`; what is `given` (ours: theirs) first."""
    kind = format_of(look)
    if kind is not None and kind.columns and not given.keys() & wanted.keys():
        return Candidate(look, kind, dict(kind.columns))
    return Candidate(look, kind, guessed(look.names, wanted, given))


def _chosen(
    tables: Sequence[Candidate], stems: Sequence[str], named: str | None, what: str
) -> Candidate | None:
    """The one that is meant; `named` in dataset.toml, or by its name or its columns."""
    if named is not None:
        meant = [one for one in tables if one.look.shown.name == named]
        if not meant:
            problem = f"{what} = '{named}': no file of that name holds {what}."
            raise SettingsError(problem, "Correct it in dataset.toml.")
        return meant[0]
    if not tables:
        return None
    best = min(_preference(one, stems) for one in tables)
    meant = [one for one in tables if _preference(one, stems) == best]
    if len(meant) > 1:
        names = ", ".join(one.look.shown.name for one in meant)
        raise SettingsError(
            f"Several files could hold the {what}: {names}.",
            f'Say which in dataset.toml: {what} = "{meant[0].look.shown.name}".',
        )
    return meant[0]


def _preference(table: Candidate, stems: Sequence[str]) -> tuple[object, ...]:
    stem = table.look.stem
    place = stems.index(stem) if stem in stems else len(stems)
    valued = bool(table.has & {RATING, COUNT})
    return (place, not valued, table.format is None, table.look.kind != "Parquet")


def _nothing(place: Path, looks: Sequence[Look], rated: Sequence[Candidate]) -> Exception:
    named = [one for one in rated if one.look.stem == "ratings"]
    if named:
        one = named[0]
        if not one.look.names:
            return _empty(one.look)
        lacks = next(name for name in (USER, ITEM) if name not in one.has)
        return BadDataError(
            one.look.shown,
            f"the column is missing (found: {', '.join(one.look.names)})",
            f"Add it, or name the one that holds it: --columns {lacks}=NAME.",
            column=lacks,
        )
    tables = [look for look in looks if look.names]
    if not tables:
        return SettingsError(
            f"{place} holds no data set.",
            "It needs ratings, such as MovieLens' ratings.csv and movies.csv, or ratings and items"
            " as .parquet or .csv; `palate datasets` shows what is read.",
        )
    columns = "; ".join(f"{look.shown.name}: {', '.join(look.names[:8])}" for look in tables[:4])
    return SettingsError(
        f"{place}: no file has a user and an item in each row ({columns}).",
        "Name the columns: --columns user=NAME,item=NAME,rating=NAME.",
    )


def _empty(look: Look) -> BadDataError:
    scan_table(look.shown, {ROW: ROW})
    return BadDataError(look.shown, "the file holds no table", "Check the export.")
