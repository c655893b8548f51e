//! Numbers, durations and amounts: what is written, and what is wrong with it.
//!
//! The grammar takes whatever begins like a number; here it must be one. Of a value that is written in another
//! way but can only mean one thing (`30 m`, `30min`, `1.5h`), that thing is kept and offered as the fix.

use super::{Lower, Parts};
use crate::source::Span;
use crate::syntax::ast::{
    Amount, Comparison, Duration, Estimate, Number, Quantity, Spanned, StatementKind, Value,
};
use crate::syntax::grammar::Rule;
use crate::syntax::messages;
use pest::iterators::Pair;

/// The largest whole number that is exact: 2^53.
const LARGEST: f64 = 9_007_199_254_740_992.0;

impl Lower {
    /// A number or percentage, whole or not.
    pub(super) fn number(&mut self, pair: Pair<'_, Rule>) -> Option<Number> {
        let span = self.span(&pair);
        match read_number(pair.as_str(), span) {
            Ok(number) => Some(number),
            Err(instead) => {
                self.diagnostics.push(messages::bad_number(
                    pair.as_str(),
                    span,
                    "a number",
                    instead.as_deref(),
                ));
                read_number(&instead?, span).ok()
            }
        }
    }

    /// A whole number; may be negative.
    pub(super) fn whole(&mut self, pair: Pair<'_, Rule>) -> Option<Number> {
        let span = self.span(&pair);
        let text = pair.as_str();
        match read_number(text, span) {
            Ok(number) if number.is_whole && number.value.abs() <= LARGEST => Some(number),
            Ok(number) if number.is_whole => {
                self.diagnostics.push(messages::number_too_large(text, span));
                None
            }
            Ok(_) => {
                self.diagnostics.push(messages::bad_number(text, span, "a whole number", None));
                None
            }
            Err(instead) => {
                let instead =
                    instead.filter(|text| read_number(text, span).is_ok_and(|number| number.is_whole));
                self.diagnostics.push(messages::bad_number(text, span, "a whole number", instead.as_deref()));
                read_number(&instead?, span).ok()
            }
        }
    }

    /// A whole number, not negative.
    pub(super) fn count(&mut self, pair: Pair<'_, Rule>) -> Option<Number> {
        let span = self.span(&pair);
        let text = pair.as_str();
        let number = self.whole(pair)?;
        if number.value < 0.0 {
            self.diagnostics.push(messages::negative_count(text, span));
            return None;
        }
        Some(number)
    }

    pub(super) fn next_count(&mut self, parts: &mut Parts<'_>) -> Option<Number> {
        let pair = parts.must();
        self.count(pair)
    }

    pub(super) fn duration(&mut self, pair: Pair<'_, Rule>) -> Option<Duration> {
        let span = self.span(&pair);
        let text = pair.as_str();
        if let Some(milliseconds) = read_duration(text) {
            return Some(Duration { milliseconds, span });
        }
        if is_duration(text) {
            self.diagnostics.push(messages::endless_duration(text, span));
            return None;
        }
        let instead = meant_duration(text);
        self.diagnostics.push(messages::bad_duration(text, span, instead.as_deref()));
        Some(Duration { milliseconds: read_duration(&instead?)?, span })
    }

    pub(super) fn next_duration(&mut self, parts: &mut Parts<'_>) -> Option<Duration> {
        let pair = parts.must();
        self.duration(pair)
    }

    pub(super) fn estimate<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let least = self.next_duration(parts)?;
        let mut points = vec![least];
        while parts.take_if(Rule::dots).is_some() {
            points.push(self.next_duration(parts)?);
        }
        let most = points[points.len() - 1];
        let likeliest = (points.len() == 3).then(|| points[1]);
        let span = least.span.to(most.span);
        Some(StatementKind::Estimate(Box::new(Estimate { least, likeliest, most, span })))
    }

    pub(super) fn amount(&mut self, pair: Pair<'_, Rule>) -> Option<Amount> {
        let span = self.span(&pair);
        let amount = read_amount(pair.as_str());
        if amount.is_none() {
            self.diagnostics.push(messages::bad_amount(pair.as_str(), span));
        }
        let (least, most) = amount?;
        Some(Amount { least, most, span })
    }

    pub(super) fn amounts(&mut self, parts: &mut Parts<'_>) -> Option<Vec<Amount>> {
        let mut amounts = Vec::with_capacity(1);
        while let Some(pair) = parts.take_if(Rule::amount) {
            amounts.push(self.amount(pair)?);
        }
        Some(amounts)
    }

    pub(super) fn comparison(&self, pair: &Pair<'_, Rule>) -> Spanned<Comparison> {
        self.choice(pair, |symbol| match symbol {
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            "==" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            ">=" => Comparison::AtLeast,
            _ => Comparison::More,
        })
    }

    /// A string, a flag, a number or a duration.
    pub(super) fn value<'s>(&mut self, value: Pair<'s, Rule>) -> Option<Value<'s>> {
        let leaf = Parts::of(value.into_inner()).must();
        let span = self.span(&leaf);
        Some(match leaf.as_rule() {
            Rule::string => Value::Text(self.text(leaf)),
            Rule::flag => Value::Flag(Spanned { value: leaf.as_str() == "true", span }),
            _ if leaf.as_str().ends_with(|c: char| c.is_ascii_digit() || c == '%')
                && !leaf.as_str().contains(['h', ' ']) =>
            {
                Value::Number(self.number(leaf)?)
            }
            _ => Value::Duration(self.duration(leaf)?),
        })
    }
}

/// `42`, `-3`, `0.8`, `0.5%`; or what was probably meant.
pub(in crate::syntax) fn read_number(text: &str, span: Span) -> Result<Number, Option<String>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (digits, scale) = match digits.strip_suffix('%') {
        Some(digits) => (digits, 0.01),
        None => (digits, 1.0),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_digits(whole) && fraction.is_none_or(is_digits) {
        let value: f64 = text.trim_end_matches('%').parse().map_err(|_| None)?;
        return Ok(Number { value: value * scale, is_whole: fraction.is_none() && scale == 1.0, span });
    }
    // `1_000`, `.5`
    let instead = text.replace('_', "");
    let instead = match instead.find('.') {
        Some(0) => format!("0{instead}"),
        Some(1) if instead.starts_with('-') => format!("-0{}", &instead[1..]),
        _ => instead,
    };
    Err((instead != text && read_number(&instead, span).is_ok()).then_some(instead))
}

/// The units, the longest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The longest length of time: a hundred years. What is longer is a slip of the keyboard, and sums of it would overflow.
const LONGEST: u64 = 36_525 * 86_400_000;

/// Whether a text is written as a length of time is, however long.
fn is_duration(text: &str) -> bool {
    let (mut rest, mut next) = (text, 0);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = &rest[digits..digits + letters];
        let Some(at) = UNITS[next..].iter().position(|(known, _)| *known == unit) else { return false };
        if digits == 0 {
            return false;
        }
        next += at + 1;
        rest = &rest[digits + letters..];
    }
    next > 0
}

/// `1h30m` in milliseconds: whole numbers, each with its unit, the longest unit first; none for more than a hundred years.
pub(in crate::syntax) fn read_duration(text: &str) -> Option<u64> {
    let (mut rest, mut total, mut next) = (text, 0u64, 0);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let at = next + UNITS[next..].iter().position(|(unit, _)| *unit == &rest[..letters])?;
        total = total.checked_add(number.checked_mul(UNITS[at].1)?)?;
        rest = &rest[letters..];
        next = at + 1;
    }
    (next > 0 && total <= LONGEST).then_some(total)
}

/// A duration as it should have been written, where it can only mean one: `30 min`, `1.5h`, `2 hours 5 m`.
fn meant_duration(text: &str) -> Option<String> {
    let (mut rest, mut total, mut last) = (text, 0.0, f64::INFINITY);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start_matches([' ', '\t']);
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match rest[..letters].to_ascii_lowercase().as_str() {
            "w" | "week" | "weeks" => 604_800_000.0,
            "d" | "day" | "days" => 86_400_000.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
            "s" | "sec" | "secs" | "second" | "seconds" => 1_000.0,
            "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1.0,
            _ => return None,
        };
        // Two of one unit are two lengths of time.
        if unit >= last {
            return None;
        }
        last = unit;
        total += number * unit;
        rest = rest[letters..].trim_start_matches([' ', '\t']);
    }
    // Not beyond what a person could mean, and exact.
    if !(1.0..=LONGEST as f64).contains(&total) || total.fract() != 0.0 {
        return None;
    }
    let mut left = total as u64;
    let mut written = String::new();
    for (unit, milliseconds) in UNITS {
        if left >= milliseconds {
            written.push_str(&format!("{}{unit}", left / milliseconds));
            left %= milliseconds;
        }
    }
    Some(written)
}

/// `$40`, `$1..$3`, `200k tokens`, `200k..1M tokens`.
fn read_amount(text: &str) -> Option<(Quantity, Quantity)> {
    let Some((least, most)) = text.split_once("..") else {
        let quantity = read_quantity(text.trim_end())?;
        return Some((quantity, quantity));
    };
    let (least, most) = (least.trim(), most.trim());
    let most_read = read_quantity(most)?;
    let least_read = match most_read {
        Quantity::Tokens(_) if !least.ends_with("tokens") => read_quantity(&format!("{least} tokens"))?,
        _ => read_quantity(least)?,
    };
    let is_same_kind = matches!(
        (least_read, most_read),
        (Quantity::Money(_), Quantity::Money(_)) | (Quantity::Tokens(_), Quantity::Tokens(_))
    );
    is_same_kind.then_some((least_read, most_read))
}

fn read_quantity(text: &str) -> Option<Quantity> {
    if let Some(money) = text.strip_prefix('$') {
        return Some(Quantity::Money(decimal(money, 1_000_000)?));
    }
    let number = text.strip_suffix("tokens")?.trim_end();
    let (digits, scale) = match number.as_bytes().last()? {
        b'k' => (&number[..number.len() - 1], 1_000),
        b'M' => (&number[..number.len() - 1], 1_000_000),
        _ => (number, 1),
    };
    Some(Quantity::Tokens(decimal(digits, scale)?))
}

/// A decimal number times a power of ten, when that is whole and fits.
fn decimal(text: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let mut total = whole.parse::<u64>().ok()?.checked_mul(scale)?;
    let mut place = scale;
    for digit in fraction.trim_end_matches('0').bytes() {
        if !place.is_multiple_of(10) {
            return None;
        }
        place /= 10;
        total = total.checked_add(u64::from(digit - b'0') * place)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_their_misspellings_understood() {
        assert_eq!(read_duration("1h30m"), Some(5_400_000));
        assert_eq!(read_duration("500ms"), Some(500));
        assert_eq!(read_duration("2d"), Some(172_800_000));
        for bad in ["", "30", "1h30", "30min", "30m1h", "1.5h", "h", "1m1m", "99999999999999999999s"] {
            assert_eq!(read_duration(bad), None, "{bad}");
        }
        for (written, meant) in
            [("30 m", "30m"), ("90min", "1h30m"), ("1.5h", "1h30m"), ("1h 30m", "1h30m"), ("1w", "7d")]
        {
            assert_eq!(meant_duration(written).as_deref(), Some(meant), "{written}");
        }
        for unclear in ["30", "1h30", "3 parsecs", "30m 40m", "0m", "0.1ms"] {
            assert_eq!(meant_duration(unclear), None, "{unclear}");
        }
    }

    #[test]
    fn amounts_are_exact() {
        use Quantity::{Money, Tokens};
        assert_eq!(read_amount("$0.50"), Some((Money(500_000), Money(500_000))));
        assert_eq!(read_amount("$1..$3.25"), Some((Money(1_000_000), Money(3_250_000))));
        assert_eq!(read_amount("200k tokens"), Some((Tokens(200_000), Tokens(200_000))));
        assert_eq!(read_amount("200k..1.5M tokens"), Some((Tokens(200_000), Tokens(1_500_000))));
        for bad in ["40", "200k", "$", "$1..5k tokens", "$0.0000001", "2m tokens", "1.5 tokens"] {
            assert_eq!(read_amount(bad), None, "{bad}");
        }
    }
}
