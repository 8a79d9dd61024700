"""Joins what is one file for each behaviour and component into the few files that a browser should ask for.

It reads no more of JavaScript and CSS than our own files say: `import { a, b as c } from "chat/name";`,
`import("chat/name")`, `export` before a declaration, and `@import "name.css";`. The rest it refuses.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

IMPORT = re.compile(r'^import \{([^}]*)\} from "chat/(\w+)";\n', re.MULTILINE)
LATER = re.compile(r'\bimport\("chat/(\w+)"\)')
EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
OTHER = re.compile(r"^(?:import(?!\()|export)\b.*", re.MULTILINE)
SHEET = re.compile(r'^@import "([\w-]+\.css)";\n', re.MULTILINE)


class CannotJoin(Exception):
    """A file says something that is not joined here; how else to say it is in this module's first lines."""


@dataclass(frozen=True, slots=True)
class Module:
    """One ES module, taken apart.

    Attributes:
        imports: the modules it needs, each with what it takes from it, as the inside of the braces.
        later: the modules that it asks for on occasion.
        exports: the names that others may take.
        body: the rest.
    """

    name: str
    imports: tuple[tuple[str, str], ...]
    later: frozenset[str]
    exports: tuple[str, ...]
    body: str

    @classmethod
    def read(cls, name: str, text: str) -> "Module":
        imports = tuple((needed, taken) for taken, needed in IMPORT.findall(text))
        exports = tuple(exported for _kind, exported in EXPORT.findall(text))
        body = EXPORT.sub(r"\1 \2", IMPORT.sub("", text))
        if other := OTHER.search(body):
            raise CannotJoin(f"{name}.js: {other[0]}")
        return cls(name, imports, frozenset(LATER.findall(text)), exports, body)

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(needed for needed, _taken in self.imports))


def join_modules(sources: Mapping[str, str], *, entry: str) -> dict[str, str]:
    """What a browser gets when it asks for a module, by the modules' names.

    `entry` stands on every page, with all that it needs. Each module that is asked for on occasion has what
    it needs and `entry` has not; what two of those need is a file of its own. The others only say where they
    are, so that whoever asks for one of them gets the same.

    Args:
        sources: the modules by their names, without `chat/`.
    """
    modules = {name: Module.read(name, text) for name, text in sources.items()}
    files = _files(modules, entry)
    homes = {name: file for file, names in files.items() for name in names}
    joined = {file: _joined(file, [modules[name] for name in names], homes) for file, names in files.items()}
    elsewhere = {name: _exported_from(homes[name], modules[name]) for name in homes if name not in files}
    return joined | elsewhere


def files_asked_for(sources: Mapping[str, str], *, entry: str) -> frozenset[str]:
    """The modules that pages ask for by themselves: all others are in the files of these."""
    return frozenset(_files({name: Module.read(name, text) for name, text in sources.items()}, entry))


def inline_sheets(text: str, read: Callable[[str], str]) -> str:
    """The style sheet `text` with what it imports in place of the imports; `read` gives a sheet by name."""
    whole = SHEET.sub(lambda line: inline_sheets(read(line[1]), read), text)
    if "@import" in whole:
        raise CannotJoin("an @import that is more than a name")
    return whole


def _files(modules: Mapping[str, Module], entry: str) -> dict[str, list[str]]:
    """By the module that is asked for, the modules in its file, each after all that it needs."""
    files = {entry: list(_with_all_needed(entry, modules))}
    roots = {name for module in modules.values() for name in module.later} - set(files[entry])
    while True:
        own = {
            root: list(_with_all_needed(root, modules, without={*files[entry], *roots} - {root}))
            for root in sorted(roots)
        }
        needed = Counter(name for names in own.values() for name in names)
        shared = {name for name, times in needed.items() if times > 1}
        if not shared:
            break
        roots |= shared
    files |= own
    return files


def _with_all_needed(
    name: str, modules: Mapping[str, Module], *, without: set[str] | None = None, path: tuple[str, ...] = ()
) -> Iterator[str]:
    """`name` and what it needs, each after all that it needs itself, and once."""
    if name in path:
        raise CannotJoin(f"a circle of imports: {' → '.join([*path, name])}")
    if name not in modules:
        raise CannotJoin(f"there is no {name}.js{f', which {path[-1]}.js needs' if path else ''}")
    done = set(without or ())
    for needed in modules[name].needs:
        if needed in done:
            continue
        for one in _with_all_needed(needed, modules, without=done, path=(*path, name)):
            done.add(one)
            yield one
    yield name


def _joined(file: str, modules: list[Module], homes: Mapping[str, str]) -> str:
    """One file: each module in a function of its own, so that the names of one are not those of another."""
    own = {module.name for module in modules}
    elsewhere: dict[str, list[str]] = {}
    for needed in sorted({needed for module in modules for needed in module.needs} - own):
        elsewhere.setdefault(homes[needed], []).append(f"${needed}")
    imports = [f'import {{ {", ".join(names)} }} from "chat/{home}";' for home, names in elsewhere.items()]
    bodies = [_wrapped(module) for module in modules]
    exports = [f"export {{ {', '.join(f'${module.name}' for module in modules)} }};"]
    return "\n".join([*imports, *bodies, *exports, _exported(modules[-1])]) + "\n"


def _exported_from(file: str, module: Module) -> str:
    return f'import {{ ${module.name} }} from "chat/{file}";\n{_exported(module)}\n'


def _exported(module: Module) -> str:
    return f"export const {{ {', '.join(module.exports)} }} = ${module.name};"


def _wrapped(module: Module) -> str:
    taken = [
        f"const {{ {' '.join(names.replace(' as ', ': ').split())} }} = ${needed};"
        for needed, names in module.imports
    ]
    lines = [*taken, module.body.strip(), f"return {{ {', '.join(module.exports)} }};"]
    return f"const ${module.name} = (() => {{\n" + "\n".join(lines) + "\n})();"
