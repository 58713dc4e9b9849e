# What Kubernetes needs in AWS beyond itself: policies that are enforced, volumes, and roles for the accounts of pods.

# Without the switch NetworkPolicies are taken and ignored. Before the nodes, so that no pod starts without.
resource "aws_eks_addon" "network" {
  cluster_name                = aws_eks_cluster.main.name
  addon_name                  = "vpc-cni"
  configuration_values        = jsonencode({ enableNetworkPolicy = "true" })
  resolve_conflicts_on_create = "OVERWRITE" # EKS puts one there by itself, without the switch
}

resource "aws_eks_addon" "volumes" {
  for_each                 = { aws-ebs-csi-driver = "disks", aws-efs-csi-driver = "files" }
  cluster_name             = aws_eks_cluster.main.name
  addon_name               = each.key
  service_account_role_arn = aws_iam_role.pod[each.value].arn
  depends_on               = [aws_eks_node_group.services] # their controllers need a node
}

# The folder that the nightly job's machines share.
resource "aws_efs_file_system" "data" {
  encrypted       = true
  kms_key_id      = aws_kms_key.data.arn
  throughput_mode = "elastic"
  tags            = { Name = "${local.name}-data" }
}

resource "aws_efs_mount_target" "data" {
  count           = 3
  file_system_id  = aws_efs_file_system.data.id
  subnet_id       = aws_subnet.stores[count.index].id
  security_groups = [aws_security_group.stores.id]
}

data "tls_certificate" "cluster" {
  url = aws_eks_cluster.main.identity[0].oidc[0].issuer
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url             = aws_eks_cluster.main.identity[0].oidc[0].issuer
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = [data.tls_certificate.cluster.certificates[0].sha1_fingerprint]
}

locals {
  issuer = replace(aws_iam_openid_connect_provider.cluster.url, "https://", "")
  # Which account of which namespace takes which role.
  pods = {
    disks   = "kube-system:ebs-csi-controller-sa"
    files   = "kube-system:efs-csi-controller-sa"
    scaling = "kube-system:cluster-autoscaler"
    backup  = "azora:azora-backup"
  }
}

data "aws_iam_policy_document" "assumed_by_pod" {
  for_each = local.pods
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.cluster.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["system:serviceaccount:${each.value}"]
    }
  }
}

resource "aws_iam_role" "pod" {
  for_each           = local.pods
  name               = "${local.name}-pod-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.assumed_by_pod[each.key].json
}

resource "aws_iam_role_policy_attachment" "pod" {
  for_each   = { disks = "AmazonEBSCSIDriverPolicy", files = "AmazonEFSCSIDriverPolicy" }
  role       = aws_iam_role.pod[each.key].name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/service-role/${each.value}"
}

# The cluster's autoscaler may look at every group, and change the size of this cluster's alone.
resource "aws_iam_role_policy" "scaling" {
  #checkov:skip=CKV_AWS_355:what describes groups and machines knows no resource but "*"
  role = aws_iam_role.pod["scaling"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances",
          "autoscaling:DescribeLaunchConfigurations", "autoscaling:DescribeScalingActivities", "autoscaling:DescribeTags",
          "ec2:DescribeImages", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplateVersions",
          "ec2:GetInstanceTypesFromInstanceRequirements",
        ]
        Resource = "*"
      },
      {
        # A group of no machines says by these what a machine of it would have.
        Effect   = "Allow"
        Action   = "eks:DescribeNodegroup"
        Resource = [aws_eks_node_group.services.arn, aws_eks_node_group.models.arn]
      },
      {
        Effect    = "Allow"
        Action    = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:ResourceTag/k8s.io/cluster-autoscaler/${local.name}" = "owned" } }
      },
    ]
  })
}

# Who makes backups may add some, and read none: not even the newest.
resource "aws_iam_role_policy" "backup" {
  role = aws_iam_role.pod["backup"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:PutObject", Resource = "${aws_s3_bucket.backups.arn}/*" },
      { Effect = "Allow", Action = ["kms:GenerateDataKey", "kms:Decrypt"], Resource = aws_kms_key.data.arn },
    ]
  })
}
