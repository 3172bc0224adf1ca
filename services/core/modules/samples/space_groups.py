"""The names of space groups as people write them."""

import re

CHIRAL = tuple("""
    P1 P2 P21 C2 P222 P2221 P21212 P212121 C2221 C222 F222 I222 I212121
    P4 P41 P42 P43 I4 I41 P422 P4212 P4122 P41212 P4222 P42212 P4322 P43212 I422 I4122
    P3 P31 P32 R3 P312 P321 P3112 P3121 P3212 P3221 R32
    P6 P61 P65 P62 P64 P63 P622 P6122 P6522 P6222 P6422 P6322
    P23 F23 I23 P213 I213 P432 P4232 F432 F4132 I432 P4332 P4132 I4132
    """.split())  # the 65 groups of chiral molecules
NAMES = {  # these, and settings of them with other axes
    *CHIRAL,
    *"P121 P1211 C121 I121 A121 P112 P1121 B112 A2 I2 B2 P2212 P2122 P22121 P21221 H3 H32".split(),
}
HEXAGONAL = {"R3H": "H3", "R32H": "H32"}
# A lattice, and one to three axes or planes. The groups with planes or inversion have too many
# settings for a list.
OTHER = re.compile("[PABCIFRH]((-?(21|3[12]|4[1-3]|6[1-5]|[12346])(/[abcdemn])?)|[abcdemn]){1,3}")


def get_name(text: str) -> str | None:
    """The name of a space group without blanks, brackets and case: P43212; None for no group."""
    plain = re.sub(r"[\s()_:]", "", text)
    name = plain.upper()
    name = HEXAGONAL.get(name, name)
    if name in NAMES:
        return name
    name = plain[:1].upper() + plain[1:].lower()
    return name if re.search("[a-z-]", name[1:]) and OTHER.fullmatch(name) else None
