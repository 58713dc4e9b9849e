resource "aws_ecr_repository" "images" {
  for_each             = toset(["azora", "azora-gpu"])
  name                 = each.key
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.data.arn
  }
}

# GitHub's workflows sign in by OIDC; no key of the account is kept anywhere. Images are built and pushed by a job of the
# environment staging alone; what proposes to run them somewhere only looks for them.
locals {
  workflows = { push = ["staging"], promote = ["staging", "production"] }
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "github" {
  for_each = local.workflows
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      # A job that names an environment is known by it and no longer by its branch: which branches an environment takes
      # is said in its rules on GitHub (docs/DEPLOYMENT.md, continuous delivery).
      values = [for name in each.value : "repo:${var.repository}:environment:${name}"]
    }
  }
}

resource "aws_iam_role" "workflow" {
  for_each           = local.workflows
  name               = "${local.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.github[each.key].json
}

resource "aws_iam_role_policy" "promote" {
  role = aws_iam_role.workflow["promote"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "ecr:DescribeImages"
      Resource = [for repository in aws_ecr_repository.images : repository.arn]
    }]
  })
}

resource "aws_iam_role_policy" "push" {
  #checkov:skip=CKV_AWS_355:GetAuthorizationToken knows no resource but "*"
  role = aws_iam_role.workflow["push"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
      {
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
          "ecr:DescribeImageScanFindings", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage",
          "ecr:StartImageScan", "ecr:UploadLayerPart",
        ]
        Resource = [for repository in aws_ecr_repository.images : repository.arn]
      },
    ]
  })
}
