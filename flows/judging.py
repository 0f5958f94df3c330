"""Lists of a night that has already happened, judged on what people rated after it."""

from dataclasses import dataclass, replace

from flows.candidates import propose
from flows.pipeline import Inputs, Pipeline, rating_counts
from flows.ranking import rank
from flows.tonight import Lists, Tonight
from flows.tuning import tuned
from tasks.core.vocabulary import Artifact, Dataset
from tasks.evaluation.cell import Measured
from tasks.evaluation.replay.night import WITHOUT, JudgedList
from tasks.evaluation.replay.stages import Came, came_stage, reliability_stage, since_stage
from tasks.evaluation.splits.windows import Window
from tasks.evaluation.stages import Split, measure_lists_stage, measure_stage
from tasks.settings.method import Method
from tasks.settings.replay import ReplaySettings, method_of_rival

PUBLISHED = "published lists"
NEWCOMERS = ", newcomers"


@dataclass(frozen=True)
class Judge:
    """Judges one night's lists on the ratings of a window that begins with it."""

    tonight: Tonight
    settings: ReplaySettings
    window: Window

    def came(self, whole: Dataset) -> Came:
        """Who rated something in the window."""
        known = self.tonight.known
        return self.tonight.steps.run(
            came_stage,
            ratings=whole.ratings,
            known=known.dataset.ratings,
            served=known.users,
            window=self.window,
        )

    def all_lists(
        self, came: Came, lists: Lists, places: Artifact, before: Artifact | None
    ) -> list[JudgedList]:
        """The published lists, those of newcomers, and those of every rival for both.

        Then those of the people who came back, without each part that is to be ablated.
        """
        method = self.settings.method
        judged = [self._judged(PUBLISHED, method, came.people, places, before)]
        if came.newcomers:
            theirs = self._of_newcomers(came.newcomers, lists)
            judged.append(self._judged(PUBLISHED + NEWCOMERS, method, came.newcomers, theirs))
        for rival in self.settings.replay.rivals:
            chosen = method_of_rival(rival)
            for suffix, split in (("", came.people), (NEWCOMERS, came.newcomers)):
                if split:
                    made = self._made(chosen, split)
                    judged.append(self._judged(rival + suffix, chosen, split, made))
        return judged + [self._ablated(part, came.people) for part in self.settings.replay.ablate]

    def reliability(self, came: Came, lists: Lists) -> Artifact | None:
        """What the probabilities foretold and what came; None where none orders the lists."""
        if lists.fitted.learned is None:
            return None
        return self.tonight.steps.run(
            reliability_stage,
            ranked=lists.ranked,
            split=came.people,
            relevant_at=self.tonight.pipeline().liked_from,
        )

    def _of_newcomers(self, split: Split, lists: Lists) -> Artifact:
        """The night's lists of people who have rated nothing, by what was fitted for all."""
        rules = self.tonight.known.rules
        inputs = Inputs(ratings=split.train, users=split.users, fitted=lists.fitted, rules=rules)
        pipeline = replace(self.tonight.pipeline(), inputs=inputs).at(NEWCOMERS.strip(", "))
        return rank(pipeline, propose(tuned(pipeline))).lists

    def _made(self, method: Method, split: Split, part: str | None = None) -> Artifact:
        """These people's lists by another method, fitted and learned as of this night."""
        known, settings = self.tonight.known, self.tonight.settings
        inputs = Inputs(ratings=split.train, users=split.users, rules=known.rules)
        theirs = settings.model_copy(update={"method": method})
        steps = self.tonight.steps.at(part) if part else self.tonight.steps
        pipeline = tuned(Pipeline.of(steps, theirs, known.dataset, inputs))
        return rank(pipeline, propose(pipeline)).lists

    def _ablated(self, part: str, split: Split) -> JudgedList:
        """The people's lists by the method without a feature or a group, learned without it."""
        settings = self.tonight.settings
        without = tuple(sorted({*settings.method.without, part}))
        method = settings.method.model_copy(update={"without": without})
        label = f"{WITHOUT}{part}"
        return self._judged(label, method, split, self._made(method, split, label))

    def _judged(
        self,
        label: str,
        method: Method,
        split: Split,
        lists: Artifact,
        before: Artifact | None = None,
    ) -> JudgedList:
        measured = self._measured(split, lists, before)
        return JudgedList(label=label, method=method, split=split, lists=lists, measured=measured)

    def _measured(self, split: Split, lists: Artifact, before: Artifact | None) -> Measured:
        pipeline, settings = self.tonight.pipeline(), self.tonight.settings
        steps, info = pipeline.steps, pipeline.dataset.info
        counts = rating_counts(pipeline)
        per_user = steps.chunks(
            measure_stage,
            split.users.rows,
            pipeline.chunk,
            ranked=lists,
            split=split,
            items=pipeline.dataset.items,
            counts=counts,
            relevant_at=info.relevant_at,
            count=settings.method.candidate_count(settings.top),
            ks=(settings.top,),
        )
        overall = steps.run(
            measure_lists_stage,
            ranked=lists,
            split=split,
            items=pipeline.dataset.items,
            counts=counts,
            model=None,
            relevant_at=info.relevant_at,
            ks=(settings.top,),
        )
        beside = steps.run(
            since_stage,
            per_user=per_user,
            places=lists,
            before=before,
            known=split.train,
            window=self.window,
            top=settings.top,
        )
        return Measured(per_user=beside, overall=overall)
