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

output "pod_roles" {
  description = "Which role the cluster's autoscaler, the drivers of volumes and the backup take"
  value       = { for name, role in aws_iam_role.pod : name => role.arn }
}

output "files" {
  description = "The file system of the claim azora-data (cluster/kubernetes/components/aws)"
  value       = aws_efs_file_system.data.id
}

output "key" {
  description = "The key for data at rest"
  value       = aws_kms_key.data.arn
}

output "disk_key" {
  description = "The key for disks (cluster/kubernetes/components/aws)"
  value       = aws_kms_key.disks.arn
}

output "registries" {
  description = "Where workflows push images"
  value       = { for name, repository in aws_ecr_repository.images : name => repository.repository_url }
}
