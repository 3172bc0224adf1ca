"""The serial experiments of the simulated facility, and how plausible they are."""

from collections import Counter

import pytest
from sqlalchemy import select

from services.ssx.models import (
    CrystalComposition,
    EventChain,
    SampleComposition,
    SSXDataCollection,
)
from services.ssx.schemas.event_chains import compute_delay
from shared.models import BLSample, Proposal


def list_events(chain):
    return [
        {
            **{name: getattr(event, name) for name in ("offset", "period", "repetition")},
            "EventType": {"name": event.type.name},
        }
        for event in chain.events
    ]


def test_alice_has_runs_on_chips_and_in_jets(facility_):
    proposal = facility_.scalars(select(Proposal).filter_by(proposalNumber="23003")).one()
    runs = [
        run
        for run in facility_.scalars(select(SSXDataCollection))
        if run.collection.group.session.proposal is proposal
    ]
    kinds = Counter(run.collection.group.experimentType for run in runs)
    assert kinds["Serial Fixed"] > 2 and kinds["SSX-Jet"] > 2
    for run in runs:
        is_chip = run.collection.group.experimentType == "Serial Fixed"
        assert (run.chipModel is not None, run.jetSize is not None) == (is_chip, not is_chip)
        assert run.laserEnergy and run.repetitionRate and run.experimentName


def test_the_delay_of_the_chains_is_that_of_the_run(facility_):
    runs = facility_.scalars(select(SSXDataCollection)).all()
    assert runs
    for run in runs:
        chains = facility_.scalars(
            select(EventChain).filter_by(dataCollectionId=run.dataCollectionId)
        ).all()
        delays = [compute_delay(list_events(chain)) for chain in chains]
        if run.reactionDuration is None:
            assert delays == [None]
        else:
            assert delays[0] == pytest.approx(run.reactionDuration) and not any(delays[1:])
        images = sum(
            event.repetition for c in chains for event in c.events if event.eventTypeId == 1
        )
        assert images == run.collection.numberOfImages


def test_serial_samples_have_their_components(facility_):
    samples = facility_.scalars(select(BLSample).where(BLSample.support.is_not(None))).all()
    assert samples
    for sample in samples:
        parts = facility_.scalars(select(SampleComposition).filter_by(sample=sample)).all()
        kinds = {part.component.type.name for part in parts}
        assert kinds in ({"Buffer"}, {"Buffer", "JetMaterial"}) and len(parts) == 2
        assert any(part.pH for part in parts) and all(part.unit for part in parts)
        ligands = facility_.scalars(
            select(CrystalComposition).filter_by(crystalId=sample.crystalId)
        ).all()
        assert [part.component.type.name for part in ligands] == ["Ligand"]
        proposal = sample.crystal.protein.proposalId
        assert {part.component.proposalId for part in [*parts, *ligands]} == {proposal}
