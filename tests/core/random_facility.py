"""The rows of a facility at random, the same each time: for tests of the rule of access.

Some persons and some beamlines have more sessions or proposals than ``MANY``, the number up to
which a statement may name the keys of all of them.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import insert

from services.core import models as core
from shared import models
from shared.service_tables import SampleGroupPerson
from tests.conftest import unchecked

SEED, MANY = 20261128, 2_000
PROPOSALS, VISITED, SESSIONS, OWN_SESSIONS = 2_600, 500, 3_650, 2_050
PERSONS = range(10_001, 10_121)  # keys that no other test has
# On exactly MANY sessions; on one more; leader of one proposal more than MANY, none of which has a
# session; on exactly MANY of these; on proposal 1, which has OWN_SESSIONS; on many of all.
LIMIT, ABOVE, LEADER, MEMBER, IN_HOUSE, EVERYWHERE = PERSONS[:6]
ORDINARY = PERSONS[6:-10]  # the last ten are on nothing
BIG, SMALL, OTHER = "i03", "m02", "i04"  # the first has more than MANY sessions
LINES = (BIG, OTHER, SMALL, "b21")
FIRST_DAY = datetime(2020, 1, 1)
PLACES = (  # shares of containers with a dewar, a container around, a session, an owner; weight
    ((1, 0.15, 0.15, 0.15), 30),
    ((0.03, 1, 0.15, 0.15), 25),
    ((0.03, 0.15, 1, 0.15), 20),
    ((0, 0, 0, 0.7), 25),
)


class Facility:
    """``rows`` are those of each model, as dicts by the names of columns."""

    def __init__(self):
        self._random = Random(SEED)
        self.rows = defaultdict(list)
        self._add_people()
        self._add_sessions()
        self._add_members()
        self._add_containers()
        self._add_samples()
        self._share_samples()
        self._add_collections()
        self._add_processing()

    def store(self, engine):
        """Insert the rows; some refer to rows that do not exist, as old ones do."""
        with unchecked(engine) as connection:
            for model, rows in self.rows.items():
                connection.execute(insert(model.__table__), rows)

    def _add(self, model, **row):
        """Add a row; its key is the next number, unless it has two."""
        rows, (key, *others) = self.rows[model], model.__table__.primary_key
        number = len(rows) + 1
        rows.append(row if others else {key.name: number, **row})
        return number

    def _maybe(self, share, value):
        """``value`` for that share of the rows, else None."""
        return value if self._random.random() < share else None

    def _some(self, values, most):
        """Up to ``most`` of ``values``, none twice."""
        return self._random.sample(values, min(self._random.randint(0, most), len(values)))

    def _one_proposal(self):
        """A proposal; it has a session for three rows of four."""
        return self._random.randint(1, VISITED if self._random.random() < 0.75 else PROPOSALS)

    def _add_people(self):
        for person in PERSONS:
            self.rows[models.Person].append({"personId": person, "login": f"p{person}"})
        for proposal in range(1, PROPOSALS + 1):
            leader = self._random.choice(ORDINARY)
            if VISITED < proposal <= VISITED + MANY + 1:
                leader = LEADER
            elif proposal % 50 == 2:
                leader = 0  # an old row: nobody is person 0
            code = "in" if proposal % 7 == 3 else "mx"
            named = {"proposalCode": code, "proposalNumber": str(proposal)}
            self._add(models.Proposal, personId=leader, **named)

    def _add_sessions(self):
        numbers = defaultdict(int)
        for key in range(1, SESSIONS + 1):
            own = key <= OWN_SESSIONS
            proposal = 1 if own else self._random.randint(1, VISITED)
            numbers[proposal] += 1
            (line,) = self._random.choices(
                (*LINES, None), (90, 5, 0, 0, 5) if own else (30, 40, 9, 12, 9)
            )
            start = FIRST_DAY + timedelta(days=self._random.randint(0, 900))  # many are equal
            self._add(
                models.BLSession,
                proposalId=proposal,
                visit_number=numbers[proposal],
                beamLineName=line,
                startDate=self._maybe(0.95, start),
            )

    def _add_members(self):
        all_sessions, all_proposals = range(1, SESSIONS + 1), range(1, PROPOSALS + 1)
        empty = range(VISITED + 1, PROPOSALS + 1)
        on_sessions = {
            LIMIT: self._random.sample(all_sessions, MANY),
            ABOVE: self._random.sample(all_sessions, MANY + 1),
            EVERYWHERE: self._random.sample(all_sessions, MANY + 300),
        }
        on_proposals = {
            MEMBER: self._random.sample(empty, MANY),
            IN_HOUSE: [1],
            EVERYWHERE: self._random.sample(all_proposals, MANY + 300),
        }
        for person in ORDINARY:
            on_sessions[person] = self._some(all_sessions, self._random.choice((0, 0, 1, 4, 30)))
            most = self._random.choice((0, 0, 1, 3, 12))
            on_proposals[person] = [self._one_proposal() for _ in range(most)]  # also one twice
        for person, sessions in on_sessions.items():
            for session in sessions:
                self._add(models.SessionHasPerson, sessionId=session, personId=person)
        for person, proposals in on_proposals.items():
            for proposal in proposals:
                self._add(models.ProposalHasPerson, proposalId=proposal, personId=person)

    def _add_containers(self):
        for _ in range(250):
            self._add(models.Shipping, proposalId=self._one_proposal())
        for _ in range(300):
            self._add(models.Dewar, shippingId=self._random.randint(1, 250))
        for key in range(1, 801):
            dewar, around, session, owner = self._random.choices(*zip(*PLACES))[0]
            outer = self._random.randint(max(1, key - 12), key)  # the last is the container itself
            line = self._random.choice((BIG, SMALL, OTHER))
            self._add(
                models.Container,
                dewarId=self._maybe(dewar, self._random.randint(1, 300)),
                parentContainerId=self._maybe(around, outer),
                sessionId=self._maybe(session, self._random.randint(1, SESSIONS)),
                ownerId=self._maybe(owner, self._random.choice(PERSONS)),
                beamlineLocation=self._maybe(0.6, line),
            )

    def _add_samples(self):
        for _ in range(300):
            self._add(
                models.DiffractionPlan,
                presetForProposalId=self._maybe(0.2, self._one_proposal()),
                beamLineName=self._maybe(0.5, BIG),
            )
        for _ in range(600):
            self._add(models.Protein, proposalId=self._one_proposal())
        for _ in range(800):
            self._add(
                models.Crystal,
                proteinId=self._random.randint(1, 600),
                diffractionPlanId=self._maybe(0.1, self._random.randint(1, 300)),
            )
        for _ in range(1_800):
            of_crystal, of_container = self._random.choice(
                ((True, False), (True, True), (False, True), (False, self._random.random() < 0.9))
            )
            self._add(
                models.BLSample,
                crystalId=self._random.randint(1, 800) if of_crystal else None,
                containerId=self._random.randint(1, 800) if of_container else None,
                diffractionPlanId=self._maybe(0.1, self._random.randint(1, 300)),
            )
        for _ in range(40):
            self._add(
                models.BLSubSample,
                blSampleId=self._random.randint(1, 1_800),
                diffractionPlanId=self._random.randint(1, 300),
            )

    def _share_samples(self):
        """Groups of the samples of proposals, of which each sample is in none, one or two.

        Most are shared with a person of the proposal: of a block allocation group each laboratory
        has its own.
        """
        protein_of = [row["proteinId"] for row in self.rows[models.Crystal]]
        proposal_of = [row["proposalId"] for row in self.rows[models.Protein]]
        samples, members = defaultdict(list), defaultdict(list)
        for row in self.rows[models.BLSample]:
            if row["crystalId"]:
                protein = protein_of[row["crystalId"] - 1]
                samples[proposal_of[protein - 1]].append(row["blSampleId"])
        for row in self.rows[models.ProposalHasPerson]:
            members[row["proposalId"]].append(row["personId"])
        for proposal, keys in samples.items():
            leader = self.rows[models.Proposal][proposal - 1]["personId"]
            for _ in range(self._random.choice((0, 2, 3))):
                group = self._add(
                    models.BLSampleGroup,
                    proposalId=proposal,
                    ownerId=self._maybe(0.5, self._random.choice(PERSONS)),
                )
                for sample in self._some(keys, len(keys)):
                    link = {"blSampleGroupId": group, "blSampleId": sample}
                    self._add(models.BLSampleGroupHasBLSample, **link)
                if self._random.random() < 0.8:
                    person = self._random.choice([*members[proposal], leader or PERSONS[-1]])
                    self._add(SampleGroupPerson, blSampleGroupId=group, personId=person)

    def _add_collections(self):
        for _ in range(600):
            session = self._random.randint(OWN_SESSIONS - 300, SESSIONS)
            sample = self._random.randint(1, 1_800)
            group = {"sessionId": session, "blSampleId": self._maybe(0.7, sample)}
            self._add(models.DataCollectionGroup, **group)
        for _ in range(900):
            copied = self._random.randint(1, SESSIONS)  # that of another session
            group = self._random.randint(1, 600)
            self._add(models.DataCollection, dataCollectionGroupId=group, SESSIONID=copied)

    def _add_processing(self):
        """Jobs, programs and results, three quarters of them with data of one session only."""
        collections, jobs, programs = 900, 300, 500
        session_of = {
            row["dataCollectionGroupId"]: row["sessionId"]
            for row in self.rows[models.DataCollectionGroup]
        }
        beside = defaultdict(list)
        for row in self.rows[models.DataCollection]:
            beside[session_of[row["dataCollectionGroupId"]]].append(row["dataCollectionId"])
        near = {key: keys for keys in beside.values() for key in keys}

        def another(collection):
            if self._random.random() < 0.8:
                return self._random.choice(near[collection])
            return self._random.randint(1, collections)

        main = {}
        for job in range(1, jobs + 1):
            main[job] = self._random.randint(1, collections)
            self._add(models.ProcessingJob, dataCollectionId=self._maybe(0.85, main[job]))
            for _ in range(self._random.choice((0, 0, 0, 1, 2))):
                link = {"processingJobId": job, "dataCollectionId": another(main[job])}
                self._add(models.ProcessingJobImageSweep, **link)
        for program in range(1, programs + 1):
            job = self._maybe(0.6, self._random.randint(1, jobs))
            collection = main[job] if job else self._random.randint(1, collections)
            self._add(models.AutoProcProgram, processingJobId=job)
            integrations = [
                self._add(
                    core.AutoProcIntegration,
                    dataCollectionId=another(collection),
                    autoProcProgramId=self._maybe(0.8, program),
                )
                for _ in range(self._random.choice((0, 0, 1, 2)))
            ]
            if self._random.random() < 0.5:
                continue
            result = self._add(core.AutoProc, autoProcProgramId=program)
            scaling = self._add(core.AutoProcScaling, autoProcId=result)
            if integrations and self._random.random() < 0.2:  # of some other program
                integrations.append(self._random.randint(1, integrations[-1]))
            for integration in {*integrations}:
                link = {"autoProcScalingId": scaling, "autoProcIntegrationId": integration}
                self._add(core.AutoProcScalingHasInt, **link)
