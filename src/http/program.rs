//! The program of a caller in a few words, from its User-Agent: enough for its owner to tell one sign-in from another, and
//! too little to tell one person from another.

/// The first that fits is it: most name others to be taken for them.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// Letters shown of a program that is no browser.
const LONGEST: usize = 60;

/// `Firefox, Windows`, or the first word of what is no browser, as `curl/8.5.0`.
pub fn describe(user_agent: &str) -> Option<String> {
    let named = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(mark, _)| user_agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    let is_browser = user_agent.starts_with("Mozilla/");
    match (named(BROWSERS).filter(|_| is_browser), named(SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser}, {system}")),
        (Some(browser), None) => Some(browser.to_owned()),
        (None, _) => {
            let word = user_agent.split_whitespace().next()?;
            Some(
                word.chars()
                    .filter(char::is_ascii_graphic)
                    .take(LONGEST)
                    .collect(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_in_a_few_words() {
        let shown = |user_agent: &str| describe(user_agent).unwrap_or_default();
        let firefox =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";
        assert_eq!(shown(firefox), "Firefox, Windows");
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0";
        assert_eq!(shown(edge), "Edge, Windows");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605 Version/18.1 Mobile Safari/604.1";
        assert_eq!(shown(safari), "Safari, iOS");
        assert_eq!(shown("curl/8.5.0"), "curl/8.5.0");
        assert_eq!(shown("zaaksysteem/3 (Linux)"), "zaaksysteem/3");
        assert_eq!(shown(&"x".repeat(500)).len(), LONGEST);
        assert_eq!(shown(""), "");
    }
}
