"""The commands of `monitor`, each loading what it needs when it is called."""
