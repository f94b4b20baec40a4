"""Objects on S3 and on servers that speak its protocol: where they are, the client, its errors, writing, looking."""
