#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicationKind {
    Staatsblad,
    Staatscourant,
    Tractatenblad,
    DecentralGazette,
    ParliamentaryPaper,
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub kind: PublicationKind,
    pub id: String,
}
