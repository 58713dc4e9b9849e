output "database" {
  description = "Host of PostgreSQL"
  value       = aws_db_instance.main.address
}

output "valkey" {
  description = "Host of Valkey's primary"
  value       = aws_elasticache_replication_group.main.primary_endpoint_address
}

output "kafka" {
  description = "AZORA_KAFKA_BOOTSTRAP_SERVERS, with AZORA_KAFKA_SECURITY_PROTOCOL=SASL_SSL"
  value       = aws_msk_cluster.main.bootstrap_brokers_sasl_scram
}

output "backups" {
  description = "The bucket for backups"
  value       = aws_s3_bucket.backups.bucket
}

output "registries" {
  description = "Where workflows push images"
  value       = { for name, repository in aws_ecr_repository.images : name => repository.repository_url }
}
