"""Fluorescence spectra, visible to those who see their session."""

from services.core.schemas.beamline.xrf_spectra import XrfSpectrumSchema
from shared.table_service import TableService

xrf_spectra = TableService(XrfSpectrumSchema, span=("startTime", "endTime"))
