"""Who is in the demo, and where they talk. They make Fernway, software for bicycle rental shops."""

from dataclasses import dataclass

from channels_app.models import Kind

# An address that can't exist (RFC 2606) marks an account as the demo's: nobody who signs up has it by chance.
DOMAIN = "fernway.invalid"


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    display_name: str

    @property
    def email(self) -> str:
        return f"{self.username}@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of the demo; `members` are usernames, the first is who makes it.

    A direct conversation has no name on the site, and one here, for its threads.
    """

    name: str
    topic: str
    members: tuple[str, ...]
    kind: Kind = Kind.PUBLIC


PEOPLE = (
    Person("maya", "Maya Lindholm"),  # product
    Person("jonas", "Jonas Weber"),  # engineering lead
    Person("tomasz", "Tomasz Zieliński"),  # backend
    Person("omar", "Omar Haddad"),  # infrastructure
    Person("ines", "Inês Carvalho"),  # web
    Person("ben", "Ben Okonkwo"),  # mobile
    Person("priya", "Priya Raman"),  # quality and releases
    Person("aiko", "Aiko Tanaka"),  # design
    Person("yael", "Yael Mizrahi"),  # research
    Person("lucas", "Lucas Moreau"),  # support
    Person("nadia", "Nadia Petrova"),  # data
    Person("sofia", "Sofia Rossi"),  # words and marketing
)

EVERYBODY = tuple(person.username for person in PEOPLE)
BUILDERS = ("jonas", "tomasz", "omar", "ines", "ben", "priya", "nadia")
PLANNERS = ("maya", "jonas", "aiko", "yael", "lucas", "nadia", "sofia", "ines")
DESIGNERS = ("aiko", "yael", "maya", "ines", "ben", "sofia")
HELPERS = ("lucas", "maya", "priya", "ines", "ben", "tomasz", "yael")

PLACES = (
    Place("public", "", EVERYBODY),
    Place("product", "What we build next, and why", PLANNERS),
    Place("design", "Pixels, words and flows. Screenshots welcome", DESIGNERS),
    Place("engineering", "How we build it. Incidents go here too", BUILDERS),
    Place("releases", "What ships when. Train leaves on Thursdays", (*BUILDERS, "maya", "lucas", "sofia")),
    Place("support", "What shops tell us", HELPERS),
    Place("random", "Everything else", EVERYBODY),
    Place("lunch 🍜", "Who eats what, where", EVERYBODY),
    Place("hiring", "Front-end engineer, Lisbon or remote", ("maya", "jonas", "ines", "aiko"), Kind.PRIVATE),
    Place("maya and aiko", "", ("maya", "aiko"), Kind.DIRECT),
)
