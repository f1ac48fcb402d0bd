//! Numbers, time spans, enumerations, times and dates as people say them, in German
//! and English. Any other language gets the English form.

use std::time::Duration;

use crate::language::Language;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The year, like 2026.
    pub year: i16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 1 is Monday, 7 Sunday.
    pub weekday: u8,
}

/// How one language says things.
struct Forms {
    decimal: &'static str,
    and: &'static str,
    units: [(&'static str, &'static str); 3],
    months: [&'static str; 12],
    weekdays: [&'static str; 7],
}

const GERMAN: Forms = Forms {
    decimal: ",",
    and: "und",
    units: [
        ("Stunde", "Stunden"),
        ("Minute", "Minuten"),
        ("Sekunde", "Sekunden"),
    ],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    weekdays: [
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ],
};

const ENGLISH: Forms = Forms {
    decimal: ".",
    and: "and",
    units: [
        ("hour", "hours"),
        ("minute", "minutes"),
        ("second", "seconds"),
    ],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    weekdays: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
};

fn is_german(language: &Language) -> bool {
    language.primary() == "de"
}

fn forms(language: &Language) -> &'static Forms {
    if is_german(language) {
        &GERMAN
    } else {
        &ENGLISH
    }
}

/// The whole home, as a place.
pub fn whole_home(language: &Language) -> &'static str {
    if is_german(language) {
        "im ganzen Haus"
    } else {
        "in the whole house"
    }
}

/// What comes before what is left out.
pub fn except(language: &Language) -> &'static str {
    if is_german(language) {
        "außer"
    } else {
        "except"
    }
}

/// A number with at most one decimal: `21,5`, `21.5`, `21`.
pub fn number(value: f64, language: &Language) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    rounded.to_string().replace('.', forms(language).decimal)
}

/// A time span in whole seconds: `1 Stunde und 5 Minuten`.
pub fn duration(span: Duration, language: &Language) -> String {
    let forms = forms(language);
    let seconds = span.as_secs();
    let counts = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    let mut parts: Vec<String> = counts
        .into_iter()
        .zip(forms.units)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| unit_of(count, unit))
        .collect();
    if parts.is_empty() {
        parts.push(unit_of(0, forms.units[2]));
    }
    enumeration(&parts, language)
}

fn unit_of(count: u64, (one, many): (&str, &str)) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `A`, `A und B`, `A, B und C`.
pub fn enumeration(texts: &[String], language: &Language) -> String {
    let and = forms(language).and;
    match texts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

/// A time of day: `14 Uhr 5`, `2:05 PM`.
pub fn time(hour: u8, minute: u8, language: &Language) -> String {
    if is_german(language) {
        return match minute {
            0 => format!("{hour} Uhr"),
            _ => format!("{hour} Uhr {minute}"),
        };
    }
    let half = if hour < 12 { "AM" } else { "PM" };
    let twelve = match hour % 12 {
        0 => 12,
        h => h,
    };
    format!("{twelve}:{minute:02} {half}")
}

/// A day: `Sonntag, der 22. November 2026`, `Sunday, November 22, 2026`.
pub fn date(date: Date, language: &Language) -> String {
    let forms = forms(language);
    let name = |names: &[&'static str], number: u8| {
        let at = usize::from(number).saturating_sub(1);
        names.get(at).copied().unwrap_or("?")
    };
    let weekday = name(&forms.weekdays, date.weekday);
    let month = name(&forms.months, date.month);
    let Date { year, day, .. } = date;
    if is_german(language) {
        format!("{weekday}, der {day}. {month} {year}")
    } else {
        format!("{weekday}, {month} {day}, {year}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(say: impl Fn(&Language) -> String) -> (String, String) {
        (say(&Language::german()), say(&Language::english()))
    }

    #[test]
    fn numbers_have_the_decimal_sign_of_the_language() {
        for (value, german, english) in [
            (21.0, "21", "21"),
            (21.5, "21,5", "21.5"),
            (-0.25, "-0,3", "-0.3"),
        ] {
            let got = both(|l| number(value, l));
            assert_eq!(got, (german.to_owned(), english.to_owned()));
        }
    }

    #[test]
    fn time_spans_leave_out_what_is_zero() {
        for (seconds, german, english) in [
            (0, "0 Sekunden", "0 seconds"),
            (1, "1 Sekunde", "1 second"),
            (600, "10 Minuten", "10 minutes"),
            (3660, "1 Stunde und 1 Minute", "1 hour and 1 minute"),
            (
                7325,
                "2 Stunden, 2 Minuten und 5 Sekunden",
                "2 hours, 2 minutes and 5 seconds",
            ),
        ] {
            let got = both(|l| duration(Duration::from_secs(seconds), l));
            assert_eq!(got, (german.to_owned(), english.to_owned()));
        }
    }

    #[test]
    fn times_of_day() {
        for (hour, minute, german, english) in [
            (0, 0, "0 Uhr", "12:00 AM"),
            (14, 5, "14 Uhr 5", "2:05 PM"),
            (12, 30, "12 Uhr 30", "12:30 PM"),
        ] {
            let got = both(|l| time(hour, minute, l));
            assert_eq!(got, (german.to_owned(), english.to_owned()));
        }
    }

    #[test]
    fn dates() {
        let day = Date {
            year: 2026,
            month: 11,
            day: 22,
            weekday: 7,
        };
        let got = both(|l| date(day, l));
        assert_eq!(got.0, "Sonntag, der 22. November 2026");
        assert_eq!(got.1, "Sunday, November 22, 2026");
    }

    #[test]
    fn an_unknown_language_gets_english() {
        let french = Language::parse("fr").unwrap();
        let texts = ["a".to_owned(), "b".to_owned()];
        assert_eq!(enumeration(&texts, &french), "a and b");
    }
}
