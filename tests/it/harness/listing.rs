//! Reading whole lists, page by page.

use serde_json::Value;

use super::TestApp;
use super::actors::Actor;

impl TestApp {
    /// Every row of a list, following its `next` links, `limit` rows a page.
    pub async fn all_pages(&self, by: &Actor, path: &str, limit: u32) -> Vec<Value> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let mut path = format!("{path}{mark}limit={limit}");
        let mut rows = Vec::new();
        loop {
            let page = self.get(&path).by(by).await.expect(200);
            let items = page.items();
            let cursor = page.json()["nextCursor"].clone();
            assert!(items.len() <= limit as usize, "{page}");
            assert!(!items.is_empty() || cursor.is_null(), "{page}");
            rows.extend(items);
            assert!(rows.len() < 10_000, "the list does not end");
            let next: Vec<String> = page
                .headers
                .get_all("link")
                .iter()
                .filter_map(|link| link.to_str().unwrap().strip_suffix(">; rel=\"next\""))
                .map(|link| link.trim_start_matches('<').to_owned())
                .collect();
            assert_eq!(next.is_empty(), cursor.is_null(), "{page}");
            match next.first() {
                Some(next) => path.clone_from(next),
                None => return rows,
            }
        }
    }
}
