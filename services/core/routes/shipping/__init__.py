"""Shipments, dewars and containers: their way, their content, their labels."""
