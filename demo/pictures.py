"""Pictures of crystals, of diffraction and of spectra, as a beamline makes them."""

import math
import random
from io import BytesIO
from itertools import product

from PIL import Image, ImageDraw, ImageFilter

SIZE = (480, 360)
CENTRE = (240, 180)  # px, the beam in a picture
FAR = 400  # px, from the crystal to the detector
EDGE = 40.0  # Å, of the cubic cell that all of these crystals have
WAVELENGTH = 1.0  # Å
SHARP = 0.003  # the largest distance of a visible reflection from Ewald's sphere
LIMITS = {"good": 1.8, "fair": 2.6, "none": 9.0}  # Å
ICE = (3.90, 3.67, 3.44, 2.25)  # Å
LINES = {6404: 900, 7058: 150, 8639: 400, 9572: 70, 11222: 500}  # eV: counts of Fe, Zn and Se


def crystal(rng: random.Random, number: int, angle: int) -> Image.Image:
    """A centred loop on its pin; the crystal looks narrower from the side."""
    (x, y), picture = CENTRE, Image.new("RGB", SIZE, (206, 210, 205))
    draw = ImageDraw.Draw(picture)
    draw.line([(0, y), (x - 100, y)], fill=(120, 110, 100), width=14)
    loop = [x - 110, y - 90, x + 110, y + 90]
    draw.ellipse(loop, outline=(140, 130, 115), fill=(216, 222, 214), width=7)
    width = 25 + 6 * number + 18 * abs(math.cos(math.radians(angle + 10 * number)))
    sides = 4 + number % 3
    corners = [math.radians(360 * side / sides + 12 * number) for side in range(sides)]
    points = [(x + width * math.cos(at), y + 0.7 * width * math.sin(at)) for at in corners]
    draw.polygon(points, fill=(180, 190, 186), outline=(90, 95, 100))
    for _ in range(60):
        at = rng.randint(0, SIZE[0] - 1), rng.randint(0, SIZE[1] - 1)
        draw.point(at, fill=(150, 150, 150))
    picture = picture.filter(ImageFilter.GaussianBlur(1))
    cross = ImageDraw.Draw(picture)
    cross.line([(x - 60, y), (x + 60, y)], fill=(200, 40, 40))
    cross.line([(x, y - 60), (x, y + 60)], fill=(200, 40, 40))
    return picture


def diffraction(rng: random.Random, quality: str) -> Image.Image:
    """The reflections of a lattice that meet Ewald's sphere, and the shadow of the beam stop."""
    (x, y), picture = CENTRE, Image.new("L", SIZE, 236)
    draw = ImageDraw.Draw(picture)
    for radius in range(300, 0, -4):  # air scatters near the beam
        _ring(draw, radius, fill=236 - int(45 * math.exp(-radius / 60)))
    for spacing in () if quality == "good" else ICE:
        _ring(draw, _radius(spacing), outline=214, width=3)
    for right, down, strength in _spots(rng, LIMITS[quality]):
        spot = [x + right - 1, y + down - 1, x + right + 1, y + down + 1]
        draw.ellipse(spot, fill=int(225 - 215 * min(1.0, strength)))
    _ring(draw, 12, fill=250)
    draw.rectangle([0, y - 4, x, y + 4], fill=250)
    return picture.convert("RGB")


def curve(kind: str) -> tuple[bytes, str]:
    """A PNG of an edge or of a fluorescence spectrum, and its numbers: energy in eV and counts."""
    from matplotlib.figure import Figure  # here: it takes long to import

    rng = random.Random(kind)
    if kind == "edge":
        energies = [12600.0 + step for step in range(121)]
        rise = [100 + 900 / (1 + math.exp(12658 - e)) for e in energies]
        peak = [500 * math.exp(-(((e - 12661) / 3) ** 2)) for e in energies]
        counts = [low + high for low, high in zip(rise, peak)]
    else:
        energies = [20.0 * step for step in range(100, 640)]
        lines = [
            sum(top * math.exp(-(((e - at) / 90) ** 2)) for at, top in LINES.items())
            for e in energies
        ]
        counts = [
            12 + 600 * math.exp(-(((e - 12700) / 180) ** 2)) + on for e, on in zip(energies, lines)
        ]
    counts = [max(0.0, rng.gauss(count, 0.6 * math.sqrt(count))) for count in counts]
    figure = Figure((4.8, 3.0), 100, layout="constrained")
    axes = figure.subplots()
    axes.plot(energies, counts, linewidth=1)
    axes.set_xlabel("energy, eV")
    axes.set_ylabel("counts")
    axes.grid(alpha=0.3)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    numbers = "".join(f"{e:9.1f} {count:10.2f}\n" for e, count in zip(energies, counts))
    return picture.getvalue(), numbers


def _spots(rng: random.Random, limit: float) -> list[tuple[float, float, float]]:
    """The places of the reflections of a crystal on the detector, and their strength."""
    most, axes = int(EDGE / limit) + 1, _axes(rng)
    spots, (a, b, c) = [], [axis[2] for axis in axes]
    for h, k, m in product(range(-most, most + 1), repeat=3):
        square = (h * h + k * k + m * m) / EDGE**2
        if abs(square * WAVELENGTH + 2 * (h * a + k * b + m * c) / EDGE) > 3 * SHARP:
            continue  # far from the sphere, as nearly all are: what follows takes long
        s = [(h * a + k * b + m * c) / EDGE for a, b, c in zip(*axes)]
        length = math.hypot(*s)
        to = s[2] + 1 / WAVELENGTH
        off = math.hypot(s[0], s[1], to) - 1 / WAVELENGTH
        if 0 < length < 1 / limit and to > 0 and abs(off) < SHARP:
            fade = math.exp(-2 * (length * limit) ** 2)
            strength = rng.expovariate(1) * fade * (1 - abs(off) / SHARP)
            spots.append((FAR * s[0] / to, FAR * s[1] / to, 1.4 * strength))
    return spots


def _axes(rng: random.Random) -> list[list[float]]:
    """Three directions at right angles, in a random orientation."""
    one = _unit([rng.gauss(0, 1) for _ in range(3)])
    other = [rng.gauss(0, 1) for _ in range(3)]
    along = sum(a * b for a, b in zip(one, other))
    two = _unit([b - along * a for a, b in zip(one, other)])
    (a, b, c), (d, e, f) = one, two
    return [one, two, [b * f - c * e, c * d - a * f, a * e - b * d]]


def _unit(of: list[float]) -> list[float]:
    return [value / math.hypot(*of) for value in of]


def _radius(spacing: float) -> float:
    """The radius on the detector to which planes of this spacing, in Å, diffract."""
    return FAR * math.tan(2 * math.asin(WAVELENGTH / 2 / spacing))


def _ring(draw: ImageDraw.ImageDraw, radius: float, **how) -> None:
    x, y = CENTRE
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], **how)
