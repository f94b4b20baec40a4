"""What Acme adds to Drivetrain: a data source, a trainer, a gate check and an alerter; YAML stands in `conf`."""
