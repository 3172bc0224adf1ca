"""/samples"""

from services.core.modules import samples
from services.core.schemas.samples import SampleQuery, SampleSchema
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery

ns = Namespace("samples", description="Samples")


@ns.route("")
class Samples(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(SampleQuery, query=True)
    @ns.returns(SampleSchema, many=True)
    def get(self, identity, query):
        """List the samples the caller may see."""
        return samples.find(identity, query)


@ns.route("/<int:sample_id>")
class Sample(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(SampleSchema)
    def get(self, identity, query, sample_id):
        """Show one sample."""
        return samples.get(identity, sample_id, **query)

    @ns.require()
    @ns.takes(SampleSchema(partial=True))
    @ns.returns(SampleSchema)
    def patch(self, identity, data, sample_id):
        """Change some fields of a sample: absent keeps, null clears.

        Whoever sees the sample may do so; a program needs mx_write.
        """
        return samples.change(identity, sample_id, data)
