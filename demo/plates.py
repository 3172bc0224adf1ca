"""Plates of crystals with ligands, and their inspections."""

import random
from datetime import datetime, timedelta

from demo import files
from demo.rows import Rows, World, add_to, pick
from demo.samples import Puck, Stock, add_sample
from services.core.models import Ligand, SampleHasLigand
from shared.models import BLSampleImage, BLSampleImageScore, ContainerInspection, InspectionType

KIND, WELLS, DROPS = "CrystalQuickX", 192, 24
PICTURED = 8  # drops of a plate: each picture is of one sample only
FRAGMENTS = (
    *(("Benzamidine", "NC(=N)c1ccccc1"), ("Imidazole", "c1cnc[nH]1")),
    *(("Nicotinamide", "NC(=O)c1cccnc1"), ("Indole", "c1ccc2[nH]ccc2c1")),
    *(("4-Hydroxybenzoic acid", "OC(=O)c1ccc(O)cc1"), ("Phenylurea", "NC(=O)Nc1ccccc1")),
)


def fill(
    world: World,
    rows: Rows,
    rng: random.Random,
    proposal: int,
    shelf: list[Stock],
    plate: Puck,
    imager: int,
    arrival: datetime,
) -> None:
    """Fill a plate with soaked crystals; add an inspection that is done and one to come."""
    ligands = [_ligand(world, rows, proposal, *each) for each in FRAGMENTS]
    light = world.lookups[InspectionType]["Visible"]
    inspections = [world.key(ContainerInspection) for _ in range(2)]
    for number, key in enumerate(inspections):
        done = arrival + timedelta(hours=1) if number == 0 else None
        add_to(
            rows,
            ContainerInspection,
            containerInspectionId=key,
            containerId=plate.key,
            inspectionTypeId=light,
            imagerId=imager,
            temperature=20.0,
            state="Completed" if done else "Queued",
            manual=False,
            scheduledTimeStamp=arrival + timedelta(days=number),
            blTimeStamp=done,
            completedTimeStamp=done,
        )
    scores = list(world.lookups[BLSampleImageScore].values())
    for place in range(1, DROPS + 1):
        sample = add_sample(world, rows, rng, pick(rng, shelf), plate, place)
        ligand = ligands[place % len(ligands)]
        add_to(rows, SampleHasLigand, blSampleId=sample.key, ligandId=ligand)
        if place > PICTURED:
            continue
        picture = world.key(BLSampleImage)
        angle = files.ANGLES[picture // files.CRYSTALS % len(files.ANGLES)]
        add_to(
            rows,
            BLSampleImage,
            blSampleImageId=picture,
            blSampleId=sample.key,
            imageFullPath=files.snapshot(world.folder, picture, angle),
            micronsPerPixelX=1.25,
            micronsPerPixelY=1.25,
            blSampleImageScoreId=pick(rng, scores),
            containerInspectionId=inspections[0],
            blTimeStamp=arrival + timedelta(hours=1),
        )


def _ligand(world: World, rows: Rows, proposal: int, name: str, smiles: str) -> int:
    key = world.key(Ligand)
    add_to(
        rows,
        Ligand,
        ligandId=key,
        proposalId=proposal,
        name=name,
        SMILES=smiles,
        libraryName="Simulated fragments",
        plateBarcode="FRAG-0001",
        sourceWell=f"A{key % 12 + 1}",
    )
    return key
