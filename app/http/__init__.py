"""Over HTTP: who asks, what is asked, and how it is answered."""
