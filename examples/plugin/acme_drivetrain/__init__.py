"""What Acme adds to Drivetrain: a data source and a gate check."""
