"""What storage is to us: group ids, states, points in time, transfers, outcomes; and cron. Imports nothing of ours."""
