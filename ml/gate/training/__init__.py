"""Making the gate: its pictures, their variants, the fit, and what is measured of it."""
