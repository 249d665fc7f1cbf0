"""What storage is to us: group ids, states, points in time, transfers, outcomes. Imports nothing of ours."""
