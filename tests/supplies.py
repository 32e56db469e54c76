"""A template of two sections, one from the notes and one from the index, for the tests of who may read what."""

TEMPLATE = """
[modele]
id = "fournitures"
version = "1"
titre = "Demande de fournitures"
resume = "Ce que la personne demande, et la règle."
source = "Écrit pour les essais."
destinataires = ["la personne"]
consentement = "Êtes-vous d’accord ?"

[conservation]
brouillon_jours = 1
notes_jours = 1
synthese_jours = 1
regle = "Pour les essais."

[[section]]
id = "demande"
titre = "La demande"
contenu = "Ce que la personne demande."

[[section]]
id = "regle"
titre = "Plafond de remboursement des fournitures"
type = "conseils"
contenu = "La règle."
"""
