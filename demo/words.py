"""The words of names, addresses and titles; all are latin1."""

GIVEN_NAMES = (
    *("Anna", "Björn", "Chiara", "Daniel", "Elena", "Felix", "Greta", "Hugo", "Ingrid", "Jonas"),
    *("Karin", "Luca", "Marie", "Nils", "Olivia", "Paul", "Rosa", "Søren", "Teresa", "Ulrich"),
    *("Vera", "William", "Ximena", "Yusuf", "Zoë", "André", "Beatriz", "Colin", "Dalia", "Erik"),
    *("Fátima", "Gwen", "Hana", "Ivan", "Judith", "Kenji", "Leila", "Mateo", "Noémie", "Omar"),
)
FAMILY_NAMES = (
    *("Andersen", "Bianchi", "Carvalho", "Dubois", "Eriksson", "Fischer", "García", "Hughes"),
    *("Ibrahim", "Jansen", "Keller", "Lefèvre", "Müller", "Nakamura", "O'Brien", "Pereira"),
    *("Quiroga", "Ramírez", "Schäfer", "Tanaka", "Ullman", "van den Berg", "Weber", "Xu"),
    *("Yilmaz", "Zimmermann", "Åkesson", "Baker", "Costa", "Dahl", "Evans", "Fontaine"),
    *("Gupta", "Holm", "Ilves", "Johansson", "Kumar", "Larsen", "Martín", "Novotny"),
)
TITLES = ("Dr", "Prof", "Ms", "Mr", None)
CITIES = (  # town, country, a postal code of it
    *(("Aarhus", "Denmark", "8000"), ("Amsterdam", "Netherlands", "1098 XG")),
    *(("Barcelona", "Spain", "08028"), ("Basel", "Switzerland", "4056")),
    *(("Berlin", "Germany", "13125"), ("Brno", "Czech Republic", "625 00")),
    *(("Bruxelles", "Belgium", "1050"), ("Cambridge", "United Kingdom", "CB2 0QH")),
    *(("Copenhagen", "Denmark", "2200"), ("Dublin", "Ireland", "D02 PN40")),
    *(("Göttingen", "Germany", "37077"), ("Grenoble", "France", "38000")),
    *(("Hamburg", "Germany", "22607"), ("Heidelberg", "Germany", "69117")),
    *(("Helsinki", "Finland", "00790"), ("Lisboa", "Portugal", "1649-028")),
    *(("Lund", "Sweden", "224 84"), ("Lyon", "France", "69007")),
    *(("Madrid", "Spain", "28049"), ("Milano", "Italy", "20133")),
    *(("Montréal", "Canada", "H3A 1A3"), ("Oslo", "Norway", "0371")),
    *(("Oxford", "United Kingdom", "OX1 3QU"), ("Saclay", "France", "91190")),
    *(("São Paulo", "Brazil", "05508-220"), ("Trieste", "Italy", "34149")),
    *(("Uppsala", "Sweden", "752 37"), ("Wien", "Austria", "1030")),
    *(("York", "United Kingdom", "YO10 5DD"), ("Zürich", "Switzerland", "8057")),
)
DEPARTMENTS = (
    *("Membrane Protein Group", "Structural Enzymology", "Chemical Biology Unit"),
    *("Virus Structure Laboratory", "Department of Biochemistry", "Drug Discovery Centre"),
    *("Protein Engineering", "Molecular Machines", "Structural Virology", "Plant Biology"),
)
STREETS = ("Science Park", "Campus Road", "Harbour Street", "University Square", "Institute Lane")

ENZYMES = (
    *("lysozyme", "thermolysin", "carbonic anhydrase II", "proteinase K", "nitrogenase"),
    *("glutamate dehydrogenase", "a glycoside hydrolase", "DNA gyrase", "RNA polymerase"),
    *("a cysteine protease", "isocyanide hydratase", "an amino acid decarboxylase"),
)
TARGETS = (
    *("the main protease of a coronavirus", "a bacterial efflux pump", "a tyrosine kinase"),
    *("a nuclear receptor", "a heat shock protein", "an ABC transporter", "beta-lactamase"),
)
LIGHT_DRIVEN = (
    *("bacteriorhodopsin", "photoactive yellow protein", "photosystem II", "a phytochrome"),
    *("a photolyase", "channelrhodopsin"),
)
COMPLEXES = (
    *("ribosomes", "the nuclear pore complex", "respiratory supercomplexes", "microtubules"),
    *("a secretion system", "the proteasome", "the spliceosome", "ATP synthase"),
    *("viral capsids", "a voltage-gated ion channel", "gas vesicles", "a chaperonin"),
)
ORGANISMS = (
    *("Escherichia coli", "Thermus thermophilus", "Mycobacterium tuberculosis", "yeast"),
    *("Plasmodium falciparum", "Arabidopsis", "Homo sapiens", "Pseudomonas aeruginosa"),
    *("Chlamydomonas", "Drosophila", "a deep-sea archaeon", "cyanobacteria"),
)
SUBJECTS = {  # of a proposal, by technique
    "mx": (
        "Structure and mechanism of {enzyme} from {organism}",
        "Fragment screening against {target}",
        "Inhibitors of {target}: from hit to lead",
        "Block allocation: structural biology of {organism}",
        "Substrate recognition by {enzyme} of {organism}",
        "Experimental phasing of a new fold from {organism}",
    ),
    "ssx": (
        "Time-resolved serial crystallography of {light_driven}",
        "Room-temperature structures of {enzyme} on fixed targets",
        "The first picoseconds of {light_driven}",
        "Mixing jets: ligand binding to {enzyme} in milliseconds",
    ),
    "em": (
        "Single-particle structures of {complex} from {organism}",
        "Cryo-electron tomography of {complex} in situ",
        "Conformations of {complex} of {organism}",
        "Lamellae of {organism}: {complex} where they work",
    ),
    "cm": (
        "Commissioning of {beamline}",
        "In-house research on {beamline}: better data from small crystals",
        "Automation of {beamline}",
    ),
}
SESSION_COMMENTS = (
    *("Remote access", "Bring own pucks", "Two users arrive late", "Beam dump at 02:15, resumed"),
    *("Fast shutter exchanged during the visit", "Good data from 80 % of the crystals"),
)
CRYSTALS = ("lyso", "thaum", "ins", "ca2", "protk", "target-a", "target-b", "apo", "soak-17")
