"""Operator for replicated vVols on FlashArray."""
