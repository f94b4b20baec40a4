"""What all orchestrators of ours share that run steps in other processes, here or on other machines."""
