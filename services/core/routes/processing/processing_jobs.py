"""/processing_jobs"""

from http import HTTPStatus

from services.core.modules.processing import processing_jobs
from services.core.schemas.processing.processing_jobs import (
    ProcessingJobAnswerSchema,
    ProcessingJobSchema,
)
from shared.api import Namespace, Resource
from shared.lists import FieldsQuery, query_of

ns = Namespace("processing_jobs", path="/processing_jobs", description="Requests to process data")


@ns.route("")
class ProcessingJobs(Resource):
    @ns.may_answer(404)
    @ns.require()
    @ns.takes(query_of(ProcessingJobSchema), query=True)
    @ns.returns(ProcessingJobSchema, many=True)
    def get(self, identity, query):
        """List the jobs on data collections the caller may see, all of them."""
        return processing_jobs.list_(identity, query)

    @ns.require(service="processing_write")
    @ns.takes(ProcessingJobSchema, large=True)
    @ns.returns(ProcessingJobAnswerSchema, HTTPStatus.CREATED)
    def post(self, identity, data):
        """Ask for visible data to be processed."""
        return processing_jobs.create(identity, data)


@ns.route("/<int:processing_job_id>")
class ProcessingJob(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(ProcessingJobSchema)
    def get(self, identity, query, processing_job_id):
        """Show one job with its parameters, sweeps and programs."""
        return processing_jobs.get(identity, processing_job_id, **query)
