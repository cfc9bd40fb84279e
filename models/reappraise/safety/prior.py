"""What is believed about adverse events before a table is seen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventPrior:
    r"""What is believed about adverse events before the table is seen.

    Parameters
    ----------
    name, label
        Key, and words for people.
    location_variance
        Variance of the normal priors, with mean 0, of the mean log odds and of the mean log odds ratio over all.
    variance_shape, variance_scale
        Of the inverse-gamma priors of every variance.
    weight_rate
        Rate r of the exponential distributions, truncated to above 1, of both parameters of the beta distribution
        that the weights of the point mass come from.
    rationale
        Why.
    """

    name: str
    label: str
    location_variance: float
    variance_shape: float
    variance_scale: float
    weight_rate: float
    rationale: str

    @property
    def text(self) -> str:
        """The prior in a line."""
        return (
            f"means over all ~ Normal(0, variance {self.location_variance:g}); variances ~ InverseGamma("
            f"{self.variance_shape:g}, {self.variance_scale:g}); weight of no effect ~ Beta(a, b), a and b ~ "
            f"Exponential({self.weight_rate:g}) above 1"
        )


BERRY_BERRY = EventPrior(
    "berry-berry",
    "Berry and Berry",
    10.0,
    3.0,
    1.0,
    1.0,
    "The priors of Berry and Berry (2004). Within a body system log odds ratios differ by a standard deviation of "
    "0.61 (95% of it 0.37 to 1.27), and so do the means of the systems: two terms of one system differ by a standard "
    "deviation of 1.0, of two systems by 1.4. The mean over all is left open, so that beforehand the odds ratio of a "
    "term is within 0.002 to 650: shrinkage is towards what the other terms show, and not towards no effect. So a "
    "table of few terms shrinks little; and with a point mass, an effect has to be large or shared by many terms to "
    "be preferred to none, since so wide a mean spends most of its probability on effects that nobody expects.",
)
