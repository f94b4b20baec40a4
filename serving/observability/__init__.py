"""What others watch a service by: rules and a scrape configuration for Prometheus, a dashboard for Grafana."""
