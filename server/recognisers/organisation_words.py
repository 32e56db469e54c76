"""Words for what an employer or a school is, and words inside their names."""

from server.recognisers.tokens import fold_name


def _set(words: str) -> frozenset[str]:
    return frozenset(fold_name(word) for word in words.split())


SCHOOLS = _set("""
lycée collège école maternelle université fac faculté iut ifsi ifas cfa institut ime itep mfr campus
conservatoire insa inspe espe irts ecole-maternelle groupe-scolaire lep lp cours académie ufr esc esg iae iep esi
ensam epitech erea
greta espe afpa segpa iufm cnam ensa ensci école-collège cité-scolaire
""")
EMPLOYERS = _set("""
boulangerie boucherie pâtisserie charcuterie poissonnerie épicerie restaurant brasserie café bar hôtel
garage carrosserie cabinet clinique polyclinique hôpital chu chr ch ehpad mairie association fondation
entreprise société groupe sarl sas sa sasu eurl snc scop sci gie ets établissements transports transport
menuiserie imprimerie usine filature ferme pharmacie salon magasin supermarché hypermarché coopérative
laboratoire crèche pressing étude domaine camping esat foyer maison librairie pizzeria snack blanchisserie
conserverie aciérie aciéries fonderie scierie earl gaec ambulances taxis ateliers chantiers laiterie
brasseries confiserie chocolaterie traiteur fromagerie jardinerie pépinière pépinières quincaillerie
serrurerie cantine rectorat bistrot bar-tabac hôtel-restaurant bar-restaurant café-restaurant caserne
mas drive entrepôt abattoir minoterie sucrerie biscuiterie pâtisseries cimenterie briqueterie tuilerie sellerie
tapisserie ébénisterie couverture toitures menuiseries viandes plomberie maçonnerie carrelage peinture nettoyage
sécurité constructions bijouterie parfumerie
opticien auto-école centre-auto tabac-presse cordonnerie teinturerie tannerie verrerie cartonnerie
papeterie raffinerie centrale startup start-up agence-intérim polycliniques métallerie chaudronnerie
auberge bistrot bistro hôtel-restaurant bar-restaurant bar-tabac bar-brasserie relais cars autocars syndic
s.a.r.l s.a.r.l. s.a.s s.a.s. s.a. e.u.r.l. toitures couverture cimenterie sucrerie distillerie brûlerie minoterie
clinique-vétérinaire institut-de-beauté fleuriste paysagiste pizzéria kebab cinéma théâtre thermes casino
déménagements autoécole crêperie cafétéria traiteurs abattoir abattoirs entrepôt entrepôts domaines château haras
chocolatier biscuiterie meunerie marbrerie ébénisterie vitrerie miroiterie tôlerie fromageries cave caves
""")
SHORT = _set(
    """
relais cars couverture toitures château cave caves théâtre cinéma casino bar café ferme maison foyer étude domaine
salon peinture nettoyage sécurité centrale cours transport ch lp
sa
"""
)
"""Words with other senses: only a name that follows at once, in capitals, makes an organisation of them."""
INITIALS = _set("mas sa ch lp gie esi iae ime itep ufr chu chr sas sci ets iep esc esg")
"""Words that are another one in lower case, or no word at all."""
UNIONS = _set("sud cgt cfdt fo unsa solidaires cftc cfe-cgc fsu")
PRONOUNS = _set("il elle ils elles je on nous vous tu ce")
ADJECTIVES = _set("""
professionnel professionnelle technique technologique général générale privé privée public publique
agricole hôtelier hôtelière pro btp polyvalent primaire élémentaire maternelle supérieure supérieur national nationale
catholique dentaire médical vétérinaire comptable hospitalier hospitalière municipal municipale industriel
hôtelière normale expérimental expérimentale internationale international familial familiale bio d'ingénieurs
infirmier paramédical culturelle sportive artisanale intercommunal
""")
LINKS = _set("de du des d' la le les l' à au aux et en sur sous lès")
