"""What every batch job shares. docs/JOBS.md says how jobs are run, and how one is written."""

from jobs.framework.errors import JobError, MissingColumns, MissingData, UnusableData
from jobs.framework.job import DataFolder, InputFile, Job, OutFile, RowsFile, job
from jobs.framework.outputs import write_rows
from jobs.framework.rows import Row
from jobs.framework.run import Run
from jobs.framework.tables import folder_hash, read_table

__all__ = [
    "DataFolder",
    "InputFile",
    "Job",
    "JobError",
    "MissingColumns",
    "MissingData",
    "OutFile",
    "Row",
    "RowsFile",
    "Run",
    "UnusableData",
    "folder_hash",
    "job",
    "read_table",
    "write_rows",
]
