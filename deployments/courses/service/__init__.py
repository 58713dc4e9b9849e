"""The rules of courses: one class per concern, put together in `CourseService`."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.courses.cache import CourseCache
from deployments.courses.service.authoring import Authoring
from deployments.courses.service.catalogue import Catalogue
from deployments.courses.service.content import Content
from deployments.courses.service.drafts import Drafting
from deployments.courses.service.news import News
from deployments.courses.service.pages import Pages
from deployments.courses.service.passages import Passages
from deployments.courses.service.prerequisites import Prerequisites
from deployments.courses.service.proposals import Proposals
from deployments.courses.service.publishing import Publishing
from deployments.courses.service.reviews import Reviews
from deployments.courses.service.writing import Writer
from learning.embedding.embedder import Embedder
from stores.postgres import Database


@dataclass(frozen=True, kw_only=True)
class CourseService:
    """All that the endpoints need."""

    cache: CourseCache
    pages: Pages
    catalogue: Catalogue
    authoring: Authoring
    drafting: Drafting
    publishing: Publishing
    prerequisites: Prerequisites
    content: Content
    reviews: Reviews
    passages: Passages
    proposals: Proposals

    @classmethod
    def create(cls, embedder: Embedder, database: Database, writer: Writer | None = None) -> CourseService:
        """Wire the parts up."""
        cache = CourseCache()
        news = News(cache)
        pages = Pages(cache)
        return cls(
            cache=cache,
            pages=pages,
            catalogue=Catalogue(),
            authoring=Authoring(news, pages),
            drafting=Drafting(news),
            publishing=Publishing(news, pages),
            prerequisites=Prerequisites(news),
            content=Content(),
            reviews=Reviews(news),
            passages=Passages(embedder),
            proposals=Proposals(embedder, database, writer),
        )
