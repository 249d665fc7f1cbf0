"""Adapters to storage: vSphere through pyVmomi, FlashArray through its REST client. Imports the domain only."""
