resource "aws_eks_cluster" "main" {
  #checkov:skip=CKV_AWS_38:the public endpoint is there only where administrators' addresses are named, and for those
  #checkov:skip=CKV_AWS_39:the same
  name                      = local.name
  role_arn                  = aws_iam_role.cluster.arn
  version                   = "1.34"
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  deletion_protection       = var.environment == "production"
  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }
  vpc_config {
    subnet_ids              = aws_subnet.nodes[*].id
    endpoint_private_access = true
    endpoint_public_access  = length(var.administrators) > 0
    public_access_cidrs     = length(var.administrators) > 0 ? var.administrators : null
  }
  encryption_config {
    resources = ["secrets"]
    provider {
      key_arn = aws_kms_key.data.arn
    }
  }
  depends_on = [aws_iam_role_policy_attachment.cluster, aws_cloudwatch_log_group.cluster]
}

# Nobody administers a cluster by having made it.
resource "aws_eks_access_entry" "administrators" {
  for_each      = toset(var.administrator_roles)
  cluster_name  = aws_eks_cluster.main.name
  principal_arn = each.value
}

resource "aws_eks_access_policy_association" "administrators" {
  for_each      = aws_eks_access_entry.administrators
  cluster_name  = aws_eks_cluster.main.name
  principal_arn = each.value.principal_arn
  policy_arn    = "arn:${data.aws_partition.here.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
  access_scope {
    type = "cluster"
  }
}

resource "aws_cloudwatch_log_group" "cluster" {
  name              = "/aws/eks/${local.name}/cluster"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.data.arn
}

resource "aws_iam_role" "cluster" {
  name               = "${local.name}-cluster"
  assume_role_policy = data.aws_iam_policy_document.assumed_by["eks"].json
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_iam_role" "node" {
  name               = "${local.name}-node"
  assume_role_policy = data.aws_iam_policy_document.assumed_by["ec2"].json
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each   = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"])
  role       = aws_iam_role.node.name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/${each.key}"
}

# Pods do not reach the machine's own credentials: one hop is the machine itself.
resource "aws_launch_template" "node" {
  for_each = { services = 100, models = 300 }
  name     = "${local.name}-${each.key}"
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    http_endpoint               = "enabled"
  }
  # Bottlerocket has the system on the first disk, in the image's own size, and images and pods' files on the second.
  dynamic "block_device_mappings" {
    for_each = { "/dev/xvda" = null, "/dev/xvdb" = each.value }
    content {
      device_name = block_device_mappings.key
      ebs {
        volume_size = block_device_mappings.value
        volume_type = "gp3"
        encrypted   = true
        kms_key_id  = aws_kms_key.disks.arn
      }
    }
  }
}

resource "aws_eks_node_group" "services" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "services"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = aws_subnet.nodes[*].id
  instance_types  = ["m7i.2xlarge"]
  ami_type        = "BOTTLEROCKET_x86_64"
  scaling_config {
    min_size     = var.workers.min
    desired_size = var.workers.min
    max_size     = var.workers.max
  }
  update_config {
    max_unavailable = 1
  }
  launch_template {
    id      = aws_launch_template.node["services"].id
    version = aws_launch_template.node["services"].latest_version
  }
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size] # the cluster's autoscaler says how many
  }
  depends_on = [aws_iam_role_policy_attachment.node, aws_eks_addon.network]
}

resource "aws_eks_node_group" "models" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "models"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = aws_subnet.nodes[*].id
  instance_types  = ["g6.4xlarge"]
  ami_type        = "BOTTLEROCKET_x86_64_NVIDIA"
  labels          = { "nvidia.com/gpu.present" = "true" }
  scaling_config {
    min_size     = 0
    desired_size = 0
    max_size     = var.models
  }
  taint {
    key    = "nvidia.com/gpu"
    value  = "present"
    effect = "NO_SCHEDULE"
  }
  launch_template {
    id      = aws_launch_template.node["models"].id
    version = aws_launch_template.node["models"].latest_version
  }
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
  depends_on = [aws_iam_role_policy_attachment.node, aws_eks_addon.network]
}
