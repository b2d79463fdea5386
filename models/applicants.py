"""Generated loan applicants. They resemble no real bank's customers.

1. Age and employment are drawn first; income, tenure and home follow from them.
2. The purpose sets the scale of the loan; its monthly payment sets the likely term.
3. One hidden trait, prudence, moves late payments, debt and the decision. The model never sees
   it, and the decision has luck in it as well: that is why no model can be perfect.
"""

import numpy as np
import pandas as pd

homes = ["own", "mortgage", "rent", "family"]
employments = ["permanent", "temporary", "self_employed", "retired", "unemployed"]
purposes = ["car", "home_improvement", "debt_consolidation", "education", "medical", "business"]
terms_months = np.array([12, 24, 36, 48, 60, 72, 84])

income_medians = np.array([41_000, 27_000, 44_000, 24_000, 12_500])
income_spreads = np.array([0.38, 0.40, 0.65, 0.35, 0.45])
amount_medians = np.array([14_000, 15_000, 10_500, 8_500, 5_000, 21_000])
home_merits = np.array([0.45, 0.25, -0.25, -0.10])
employment_merits = np.array([0.35, -0.35, -0.15, 0.20, -1.10])
purpose_merits = np.array([0.20, 0.25, -0.25, 0.05, -0.05, -0.35])


def draw_applicants(rows: int, seed: int) -> pd.DataFrame:
    """Draws applicants with the bank's answer in the column `decision`."""
    random = np.random.default_rng(seed)
    prudence = random.normal(size=rows)
    age = np.minimum(18 + random.gamma(2.6, 9.5, rows), 84).astype(np.int64)
    employment = draw_employment(random, age)
    income = draw_income(random, age, employment)
    tenure = draw_tenure(random, age, employment)
    home = draw_home(random, age, income)
    purpose = random.choice(len(purposes), rows, p=[0.25, 0.20, 0.26, 0.09, 0.08, 0.12])
    amount = draw_amount(random, purpose, income)
    term = draw_term(random, amount, income)
    burden = random.beta(2.2, 5.5, rows) * 0.9 * np.exp(-0.12 * prudence)
    debt = np.round(np.minimum(burden + 0.06 * (home == 1), 0.95), 3)
    late = np.minimum(random.poisson(np.exp(-1.0 - 0.75 * prudence)), 12)
    merit = (
        1.75
        + 0.85 * np.log(income / 35_000)
        - 0.75 * np.log(12 * amount / term / income / 0.10)
        - 4.2 * (debt - 0.25)
        - 0.55 * late
        + 0.030 * np.minimum(tenure, 15)
        + 0.45 * prudence
        + home_merits[home]
        + employment_merits[employment]
        + purpose_merits[purpose]
    )
    approved = merit + random.logistic(size=rows) > 0.6
    return pd.DataFrame(
        {
            "age": age,
            "income": income,
            "employment": name_codes(employments, employment),
            "employment_years": tenure,
            "home": name_codes(homes, home),
            "purpose": name_codes(purposes, purpose),
            "amount": amount,
            "term_months": term,
            "debt_ratio": debt,
            "late_payments": late.astype(np.int64),
            "decision": name_codes(["denied", "approved"], approved.astype(np.int64)),
        }
    )


def draw_employment(random: np.random.Generator, age: np.ndarray) -> np.ndarray:
    drawn = random.choice(len(employments), len(age), p=[0.63, 0.17, 0.13, 0.01, 0.06])
    retires = random.random(len(age)) < np.clip((age - 58) / 10, 0, 0.93)
    return np.where(retires, employments.index("retired"), drawn)


def draw_income(random: np.random.Generator, age: np.ndarray, employment: np.ndarray) -> np.ndarray:
    """EUR a year, as stated: to the nearest hundred."""
    career = 0.72 + 0.016 * (np.clip(age, 18, 50) - 18)
    spread = np.exp(random.normal(size=len(age)) * income_spreads[employment])
    return np.round(np.maximum(income_medians[employment] * career * spread, 6_000), -2)


def draw_tenure(random: np.random.Generator, age: np.ndarray, employment: np.ndarray) -> np.ndarray:
    """Years with the present employer, to a tenth; 0 for those who have none."""
    years = random.beta(0.9, 2.6, len(age)) * np.minimum(age - 17, 40)
    works = ~np.isin(employment, [employments.index("retired"), employments.index("unemployed")])
    return np.where(works, np.round(years, 1), 0.0)


def draw_home(random: np.random.Generator, age: np.ndarray, income: np.ndarray) -> np.ndarray:
    wealth = np.log(income / 35_000)
    years = (age - 40) / 10
    utility = np.stack(
        [
            -1.0 + 0.55 * years + 0.5 * wealth,
            -0.2 - 0.12 * years**2 + 1.0 * wealth,
            0.5 - 0.10 * years - 0.5 * wealth,
            -1.6 - 0.75 * years - 0.6 * wealth,
        ],
        axis=1,
    )
    # Adding Gumbel noise and taking the largest draws from the softmax (McFadden 1974).
    return np.argmax(utility + random.gumbel(size=utility.shape), axis=1)


def draw_amount(random: np.random.Generator, purpose: np.ndarray, income: np.ndarray) -> np.ndarray:
    """EUR, to the nearest hundred."""
    means = (income / 35_000) ** 0.45
    spread = np.exp(random.normal(size=len(income)) * 0.48)
    return np.round(np.clip(amount_medians[purpose] * means * spread, 1_000, 75_000), -2)


def draw_term(random: np.random.Generator, amount: np.ndarray, income: np.ndarray) -> np.ndarray:
    """Months: those at which the payments come nearest to a share of the income, by taste."""
    share = 0.10 * np.exp(random.normal(size=len(amount)) * 0.45)
    wanted = 12 * amount / (share * income)
    return terms_months[np.abs(wanted[:, None] - terms_months).argmin(axis=1)]


def name_codes(names: list[str], codes: np.ndarray) -> np.ndarray:
    return np.array(names, dtype=np.object_)[codes]
