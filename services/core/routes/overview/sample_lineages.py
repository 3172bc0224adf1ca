"""/samples/{id}/lineage"""

from services.core.modules.overview import sample_lineages
from services.core.schemas.overview.sample_lineages import SampleLineageSchema
from shared.api import Namespace, Resource

ns = Namespace("sample lineages", path="/samples", description="What was measured on samples")


@ns.route("/<int:sample_id>/lineage")
class SampleLineage(Resource):
    @ns.require()
    @ns.returns(SampleLineageSchema)
    def get(self, identity, sample_id):
        """Show a sample with its data collections, their results and files.

        Of each kind of row there are the newest 500.
        """
        return sample_lineages.get(identity, sample_id)
