"""What makes objects by itself: discovery."""
